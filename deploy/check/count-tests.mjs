// Reads vitest's JSON report and prints `PASSED FAILED`: the single tests, and the files that could not even run.
// A run that ended badly, or left no report, counts as one failure at least. Plain JavaScript: runs on any Node.
// Usage: count-tests.mjs REPORT EXIT_CODE_OF_THE_RUN

import { readFileSync } from 'node:fs';

const [reportPath, exitCode] = process.argv.slice(2);
const { passed, failed } = countTests(reportPath);
console.log(`${passed} ${exitCode === '0' ? failed : Math.max(1, failed)}`);

function countTests(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const brokenFiles = report.testResults.filter(
      (file) =>
        file.status === 'failed' && !file.assertionResults.some((result) => result.status === 'failed'),
    );
    return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
