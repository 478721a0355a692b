/** Runs seeds of the simulation on a core that has all mutants in it, with none of them or one of them active. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Switchboard } from './instrument.ts';
import { type Beginning, type RunOne, serveTrials, type Texts } from './trial.ts';

const ROOT = join(import.meta.dirname, '..');
const board = new Switchboard();

serveTrials(async ({ texts, active }: Beginning): Promise<RunOne> => {
  board.active = active;
  board.install();
  loadInstead(texts);
  const { runSeed } = await import('../simulation/run.ts');
  const whileLoaded = [...board.reached];

  return async (run, mutant) => {
    board.active = mutant;
    board.reached.clear();
    const { violations, hash } = await runSeed({ seed: Number(run) });
    const [first] = violations;
    return {
      isClean: first === undefined,
      what: first ? `${first.invariant}: ${first.what}` : '',
      hash,
      reached: [...whileLoaded, ...board.reached],
    };
  };
});

/** It has to be called before anything imports the core. */
function loadInstead(texts: Texts): void {
  const byUrl = new Map(
    Object.entries(texts).map(([file, text]) => [pathToFileURL(join(ROOT, file)).href, text]),
  );
  registerHooks({
    load(wanted, context, nextLoad) {
      const source = byUrl.get(wanted);
      const loaded = nextLoad(wanted, context);
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
}
