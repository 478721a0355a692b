/**
 * Runs files of tests, each in a process of its own, on a core that has all mutants in it. Vitest stays up in
 * between.
 */
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createVitest, type TestModule, type Vitest } from 'vitest/node';
import { type Beginning, type RunOne, serveTrials, type Texts } from './trial.ts';

const ROOT = join(import.meta.dirname, '..');
/** On virtual time a test takes milliseconds: one that takes this long waits for what will never come. */
const TEST_ENDS_WITHIN_MS = 8_000;
const MAX_WHAT = 200;

serveTrials(async ({ texts }: Beginning): Promise<RunOne> => {
  const vitest = await startVitest(texts);
  // Taken away as soon as it is read: this process is killed in the end, and cannot tidy up.
  const reachedFile = join(tmpdir(), `mutate-reached-${process.pid}.json`);

  return async (run, mutant) => {
    vitest.provide('mutant', mutant ?? '');
    vitest.provide('reachedFile', mutant === undefined ? reachedFile : '');
    const files = await vitest.globTestSpecifications([run]);
    const wanted = files.filter(({ moduleId }) => relative(ROOT, moduleId) === run);
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(wanted);
    // It gives the modules of all runs so far.
    const own = testModules.filter(({ moduleId }) => relative(ROOT, moduleId) === run);
    const what = firstFailure(own) ?? (unhandledErrors.length > 0 ? 'an error nobody caught' : '');
    const reached = mutant === undefined ? readReached(reachedFile) : [];
    rmSync(reachedFile, { force: true });
    return { isClean: what === '' && wanted.length > 0, what, hash: '', reached };
  };
});

function startVitest(texts: Texts): Promise<Vitest> {
  return createVitest(
    {
      root: ROOT,
      watch: false,
      maxWorkers: 1,
      setupFiles: [join(import.meta.dirname, 'switchboard-in-tests.ts')],
      reporters: [{}],
      silent: true,
      fsModuleCache: false, // it knows a file by its name and text, and not what the mutants made of it
      testTimeout: TEST_ENDS_WITHIN_MS,
      hookTimeout: TEST_ENDS_WITHIN_MS,
    },
    {
      plugins: [
        {
          name: 'mutants',
          enforce: 'pre',
          transform: (_, id) => texts[relative(ROOT, id.split('?')[0] ?? '')],
        },
      ],
    },
  );
}

function firstFailure(modules: readonly TestModule[]): string | undefined {
  for (const module of modules) {
    if (module.ok()) continue;
    const [failed] = [...module.children.allTests('failed')];
    const message = failed?.result().errors?.[0]?.message ?? module.errors()[0]?.message ?? 'it failed';
    return `${failed?.fullName ?? relative(ROOT, module.moduleId)}: ${message}`
      .replace(/\s+/g, ' ')
      .slice(0, MAX_WHAT);
  }
  return undefined;
}

function readReached(file: string): string[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return []; // the file could not be loaded, which its outcome says
  }
}
