/**
 * A process that runs seeds on a core with one mend taken away: `hunt-process.ts '{"mutant": …, "from": 1, "to": 9}'`.
 * `search-apart.ts` starts it: a process cannot unload a module, so each mutant has one of its own. It tells its parent
 * of every seed it begins and of the first one that notices, and ends where the parent does.
 */
import { loadMutated } from './load-mutated.ts';
import type { HuntMessage, HuntRequest } from './search-apart.ts';

const { mutant, from, to }: HuntRequest = JSON.parse(process.argv[2] ?? '{}');
process.once('disconnect', () => process.exit(1));
const assertLoaded = loadMutated(mutant);
const { runSeed } = await import('../run.ts');
assertLoaded();

for (let seed = from; seed <= to; seed += 1) {
  tell({ begins: seed });
  const [violation] = (await runSeed({ seed, forced: mutant.with })).violations;
  if (!violation) continue;
  tell({ notices: { seed, invariant: violation.invariant, what: violation.what } });
  break;
}
process.removeAllListeners('disconnect');
process.disconnect();

function tell(message: HuntMessage): void {
  process.send?.(message);
}
