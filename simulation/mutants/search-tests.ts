import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Notice } from './seed-search.ts';
import { MutantError, type SourceMutant } from './source-mutant.ts';

/** What the process that runs the tests of a mutant tells. */
export interface TestMessage {
  readonly isLoaded: boolean;
  readonly ran: number;
  /** Names of tests. */
  readonly failed: readonly string[];
}

const TESTS_END_WITHIN_MS = 120_000;

/**
 * Runs the mutant's file of tests with its change in it: some of the core speaks to real sockets only, and the
 * simulation has none. To copy the whole project and change the copy was rejected: it takes longer than the tests.
 *
 * @returns the first test that fails, as a notice of no seed
 * @throws MutantError where no test ran, or none of them loads the mutant's file
 */
export async function searchTests(mutant: SourceMutant): Promise<Notice | undefined> {
  const { isLoaded, ran, failed } = await testsOf(mutant);
  if (ran === 0) throw new MutantError(`mutant ${mutant.name}: ${mutant.test} has no test`);
  if (!isLoaded) throw new MutantError(`mutant ${mutant.name}: ${mutant.test} never loads ${mutant.file}`);
  const [first] = failed;
  return first === undefined ? undefined : { seed: 0, invariant: `test ${mutant.test}`, what: first };
}

function testsOf(mutant: SourceMutant): Promise<TestMessage> {
  const child = fork(join(import.meta.dirname, 'test-process.ts'), [JSON.stringify(mutant)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, VITEST: undefined },
  });
  const patience = setTimeout(() => child.kill('SIGKILL'), TESTS_END_WITHIN_MS);
  let told: TestMessage | undefined;
  child.on('message', (message: TestMessage) => {
    told = message;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(patience);
      if (told) resolve(told);
      else reject(new MutantError(`mutant ${mutant.name}: ${mutant.test} could not be run`));
    });
  });
}
