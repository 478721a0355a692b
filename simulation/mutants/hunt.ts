import { availableParallelism } from 'node:os';
import { allMutants, isSourceMutant, type Mutant } from './all-mutants.ts';
import { type KnownSeeds, knownSeeds } from './known-seeds.ts';
import { searchTests } from './search-tests.ts';
import { type Notice, SeedSearcher } from './seed-search.ts';

export interface HuntOptions {
  /** The first seed to try; 1 where it is left out. */
  readonly first?: number;
  /** Seeds to try for each mutant. */
  readonly count: number;
  /** All mutants where they are left out. */
  readonly names?: readonly string[] | undefined;
  /** Tries the seeds first that noticed a mutant when it was last hunted. */
  readonly isQuick?: boolean;
  /** So many seeds that notice are looked for; 1 where it is left out. */
  readonly most?: number;
  /** Processes at once; as many as there are processors where it is left out, and two at most. */
  readonly processes?: number | undefined;
}

export interface Hunt extends Partial<Notice> {
  readonly mutant: string;
  readonly removes: string;
  /** Seeds that were tried; the last of them noticed, if any did. */
  readonly tried: number;
  /** All that were found to notice, the first of them first. */
  readonly seeds: readonly number[];
}

/** Others work on the machine, too. */
const MOST_PROCESSES = 2;

/**
 * For each mutant, tries one seed after the other until one notices that a safeguard is gone. Several are hunted at
 * once; they are told of in the order in which they are listed.
 *
 * @throws MutantError where a mutant cannot be made, or where there is none of that name
 */
export async function* huntMutants(options: HuntOptions): AsyncGenerator<Hunt> {
  const { names, processes = Math.min(MOST_PROCESSES, availableParallelism()) } = options;
  const mutants = await allMutants(names);
  const known: KnownSeeds = options.isQuick ? knownSeeds() : {};
  const hunts = mutants.map((mutant) => ({ mutant, ...Promise.withResolvers<Hunt>() }));
  for (const { promise } of hunts) promise.catch(() => {}); // whoever waits for it hears of it

  const searchers = Array.from({ length: Math.min(processes, mutants.length) }, () => new SeedSearcher());
  const left = hunts.values();
  const work = async (searcher: SeedSearcher) => {
    for (const { mutant, resolve, reject } of left) {
      await hunt(mutant, { ...options, searcher, known: known[mutant.name] ?? [] }).then(resolve, reject);
    }
  };
  const works = searchers.map(work);

  try {
    for (const { promise } of hunts) yield await promise;
    await Promise.all(works);
  } finally {
    for (const _ of left); // nobody takes another one
    for (const searcher of searchers) searcher.close();
  }
}

interface OneHunt extends HuntOptions {
  readonly searcher: SeedSearcher;
  readonly known: readonly number[];
}

async function hunt(mutant: Mutant, { first = 1, count, most, searcher, known }: OneHunt): Promise<Hunt> {
  const { name, removes } = mutant;
  const said = { mutant: name, removes };
  if (isSourceMutant(mutant) && mutant.test !== undefined) {
    return { ...said, ...(await searchTests(mutant)), tried: 0, seeds: [] };
  }
  const all = Array.from({ length: count }, (_, index) => first + index);
  const atOnce = await searcher.search(mutant, known);
  const notices = atOnce.length > 0 ? atOnce : await searcher.search(mutant, all, most);
  const [notice] = notices;
  const tried = notice ? notice.seed - first + 1 : count;
  return { ...said, ...notice, tried, seeds: notices.map(({ seed }) => seed) };
}
