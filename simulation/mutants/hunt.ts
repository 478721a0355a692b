import type { HabitName } from '../peers/habits/all-habits.ts';
import { runSeed } from '../run.ts';
import { allMutants, isSourceMutant, type Mutant } from './all-mutants.ts';
import { type KnownSeeds, knownSeeds } from './known-seeds.ts';
import { type Notice, searchApart } from './search-apart.ts';
import { searchTests } from './search-tests.ts';
import type { WrapperMutant } from './wrapper-mutant.ts';

export interface HuntOptions {
  /** The first seed to try; 1 where it is left out. */
  readonly first?: number;
  /** Seeds to try for each mutant. */
  readonly count: number;
  /** All mutants where they are left out. */
  readonly names?: readonly string[] | undefined;
  /** Tries the seed first that noticed a mutant when it was last hunted. */
  readonly isQuick?: boolean;
}

export interface Hunt extends Partial<Notice> {
  readonly mutant: string;
  readonly removes: string;
  /** Seeds that were tried; the last of them noticed, if any did. */
  readonly tried: number;
}

/**
 * For each mutant, tries one seed after the other until one notices that a safeguard is gone.
 *
 * @throws MutantError where a mutant cannot be made, or where there is none of that name
 */
export async function* huntMutants({
  first = 1,
  count,
  names,
  isQuick = false,
}: HuntOptions): AsyncGenerator<Hunt> {
  const known: KnownSeeds = isQuick ? knownSeeds() : {};
  for (const mutant of await allMutants(names)) {
    if (isSourceMutant(mutant) && mutant.test !== undefined) {
      yield { mutant: mutant.name, removes: mutant.removes, ...(await searchTests(mutant)), tried: 0 };
      continue;
    }
    const to = first + count - 1;
    const notice = (await atKnownSeed(mutant, known[mutant.name])) ?? (await firstNotice(mutant, first, to));
    const tried = notice ? notice.seed - first + 1 : count;
    yield { mutant: mutant.name, removes: mutant.removes, ...notice, tried };
  }
}

async function atKnownSeed(mutant: Mutant, seed: number | undefined): Promise<Notice | undefined> {
  return seed === undefined ? undefined : firstNotice(mutant, seed, seed);
}

async function firstNotice(mutant: Mutant, first: number, to: number): Promise<Notice | undefined> {
  for (let from = first; from <= to; ) {
    const notice = await (isSourceMutant(mutant)
      ? searchApart({ mutant, from, to })
      : searchHere(mutant, from, to));
    if (!notice) return undefined;
    if (await isClean(notice.seed, isSourceMutant(mutant) ? mutant.with : undefined)) return notice;
    from = notice.seed + 1; // fails as it is: no merit of the mutant's
  }
  return undefined;
}

/** Seeds that came out clean as they are: many mutants share one. */
const clean = new Set<string>();

async function isClean(seed: number, forced: readonly HabitName[] = []): Promise<boolean> {
  const name = `${seed} ${forced.join(' ')}`;
  if (clean.has(name)) return true;
  const { violations } = await runSeed({ seed, forced });
  if (violations.length === 0) clean.add(name);
  return violations.length === 0;
}

async function searchHere(mutant: WrapperMutant, from: number, to: number): Promise<Notice | undefined> {
  for (let seed = from; seed <= to; seed += 1) {
    const [violation] = (await runSeed({ seed, mutant })).violations;
    if (violation) return { seed, invariant: violation.invariant, what: violation.what };
  }
  return undefined;
}
