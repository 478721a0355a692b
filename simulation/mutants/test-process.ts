/**
 * A process that runs one file of tests on a core with one mend taken away: `test-process.ts '{"name": …}'`.
 * `search-tests.ts` starts it. It tells its parent which tests failed, none where nobody noticed.
 */
import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { ROOT } from './all-mutants.ts';
import type { TestMessage } from './search-tests.ts';
import { mutated, type SourceMutant } from './source-mutant.ts';

const mutant: SourceMutant = JSON.parse(process.argv[2] ?? '{}');
const path = join(ROOT, mutant.file);
let isLoaded = false;
const mutating = {
  name: 'mutant',
  enforce: 'pre',
  transform(text: string, id: string) {
    if (id !== path) return undefined;
    isLoaded = true;
    return mutated(text, mutant);
  },
} as const;

const files = mutant.test === undefined ? [] : [mutant.test];
// What was transformed is not kept: the next run of the tests would find the mutant there.
const options = { root: ROOT, watch: false, reporters: [], fsModuleCache: false };
const vitest = await startVitest('test', files, options, { plugins: [mutating] });
const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
const failed = tests.filter((test) => test.result().state === 'failed').map(({ fullName }) => fullName);
const message: TestMessage = { isLoaded, ran: tests.length, failed };
process.send?.(message);
await vitest.close();
process.exit(0);
