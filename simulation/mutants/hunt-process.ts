/**
 * A process that runs seeds on the core with one safeguard taken away, one mutant after the other. `seed-search.ts`
 * starts it, and hands it what to look for. It tells of every seed it begins and of those that notice; it ends where
 * its parent does. A seed that fails as it is, without the mutant, notices nothing.
 */
import type { HabitName } from '../peers/habits/all-habits.ts';
import { ROOT } from '../reach/core-files.ts';
import type { FromHuntProcess, Notice, SeedSearch } from './seed-search.ts';
import type { SourceMutant } from './source-mutant.ts';
import { Versions } from './versions.ts';

type Simulation = typeof import('../run.ts');
type Wrappers = typeof import('./wrappers.ts');

const RUN = 'simulation/run.ts';

process.once('disconnect', () => process.exit(1));
const versions = new Versions(ROOT);
const asItIs = await versions.load<Simulation>(RUN);
const { WRAPPER_MUTANTS } = await versions.load<Wrappers>('simulation/mutants/wrappers.ts');
/** Seeds that came out clean as they are: many mutants share one. */
const clean = new Set<string>();

process.on('message', (search: SeedSearch) => {
  find(search).catch((error: unknown) =>
    tell({ failed: String(error instanceof Error ? error.message : error) }),
  );
});
tell({ isReady: true });

async function find({ wrapper, source, seeds, most }: SeedSearch): Promise<void> {
  const { runSeed } = source ? await versions.loadMutated<Simulation>(RUN, source) : asItIs;
  const mutant = WRAPPER_MUTANTS.find(({ name }) => name === wrapper);
  const forced = source?.with;
  const notices: Notice[] = [];
  for (const seed of seeds) {
    tell({ begins: seed });
    const [violation] = (await runSeed({ seed, forced, ...(mutant && { mutant }) })).violations;
    if (!violation || !(await isClean(seed, source))) continue;
    notices.push({ seed, invariant: violation.invariant, what: violation.what });
    if (notices.length === most) break;
  }
  tell({ notices });
}

async function isClean(
  seed: number,
  { with: forced = [] }: Pick<SourceMutant, 'with'> = {},
): Promise<boolean> {
  const name = nameOf(seed, forced);
  if (clean.has(name)) return true;
  const isOne = (await asItIs.runSeed({ seed, forced })).violations.length === 0;
  if (isOne) clean.add(name);
  return isOne;
}

function nameOf(seed: number, forced: readonly HabitName[]): string {
  return `${seed} ${forced.join(' ')}`;
}

function tell(message: FromHuntProcess): void {
  process.send?.(message);
}
