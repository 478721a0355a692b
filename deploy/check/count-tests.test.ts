import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'count-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function count(report: unknown, exitCode: number): string {
  const path = join(folder, 'report.json');
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  const program = join(import.meta.dirname, 'count-tests.mjs');
  return execFileSync(process.execPath, [program, path, String(exitCode)], { encoding: 'utf8' }).trim();
}

const passing = {
  numPassedTests: 7,
  numFailedTests: 0,
  testResults: [{ status: 'passed', assertionResults: [] }],
};

test('single tests are counted', () => {
  expect(count(passing, 0)).toBe('7 0');
  expect(count({ ...passing, numFailedTests: 2 }, 1)).toBe('7 2');
});

test('a file that could not be loaded is a failure although no test of it ran', () => {
  const broken = { status: 'failed', assertionResults: [] };
  const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] };
  expect(count({ ...passing, numFailedTests: 1, testResults: [broken, failing] }, 1)).toBe('7 2');
});

test('a run that ended badly is a failure although every test passed, and so is one without a report', () => {
  expect(count(passing, 1)).toBe('7 1');
  expect(count('', 0)).toBe('0 1');
});
