import type { Compiler } from './compiler.ts';
import type { Mutant } from './mutant.ts';
import type { Seen, Verdict } from './report-file.ts';
import type { Outcome, Texts, Trial } from './trial.ts';
import { TrialProcess, type Tried } from './trial-process.ts';

/** What may judge a mutant: runs that come by it, the shortest first. */
export interface Runs {
  readonly seeds: readonly Seen[];
  readonly tests: readonly Seen[];
}

/** Seeds that are tried before the tests; the others come after them. */
const FIRST_SEEDS = 6;
/** So long may tests take before the compiler is asked, which takes about as long. */
const FIRST_TESTS_MS = 6_000;
const SEED_ENDS_WITHIN_MS = 30_000;
const FILE_ENDS_WITHIN_MS = 60_000;

interface Notice {
  readonly noticedBy: string;
  readonly what: string;
}

/**
 * Tries one mutant after the other, by what is quickest: a few seeds, the quickest tests, the compiler, then the other
 * tests and seeds. Its processes stay up in between, unless a mutant has spoiled one.
 */
export class Judge {
  readonly #texts: Texts;
  readonly #compiler: Compiler;
  #seeds: TrialProcess | undefined;
  #tests: TrialProcess | undefined;

  constructor(texts: Texts, compiler: Compiler) {
    this.#texts = texts;
    this.#compiler = compiler;
  }

  /** By the first seeds alone, which notice most of them in a moment. @returns nothing where they do not */
  async judgeAtOnce(mutant: Mutant, seeds: readonly Seen[]): Promise<Verdict | undefined> {
    const startedAt = performance.now();
    const notice = await this.#bySeeds(mutant, seeds.slice(0, FIRST_SEEDS));
    return notice && { id: mutant.id, ...notice, ms: since(startedAt), isReached: true };
  }

  /** By all the rest. */
  async judge(mutant: Mutant, { seeds, tests }: Runs): Promise<Verdict> {
    const startedAt = performance.now();
    const quick = quickestWithin(FIRST_TESTS_MS, tests);
    const notice =
      (await this.#byTests(mutant, tests.slice(0, quick))) ??
      (await this.#byCompiler(mutant)) ??
      (await this.#byTests(mutant, tests.slice(quick))) ??
      (await this.#bySeeds(mutant, seeds.slice(FIRST_SEEDS)));
    return { id: mutant.id, ...notice, ms: since(startedAt), isReached: seeds.length + tests.length > 0 };
  }

  end(): void {
    this.#seeds?.end();
    this.#tests?.end();
  }

  async #bySeeds(mutant: Mutant, seeds: readonly Seen[]): Promise<Notice | undefined> {
    if (seeds.length === 0) return undefined;
    const trial = { active: mutant.id, runs: seeds.map(({ run }) => run) };
    if (mutant.isStatic) return this.#bySeedsAlone(trial);
    if (!this.#seeds || this.#seeds.isOver) {
      this.#seeds = await TrialProcess.start('seed-process.ts', { texts: this.#texts });
    }
    const notice = noticeIn(await this.#seeds.try(trial, SEED_ENDS_WITHIN_MS), trial, 'seed ');
    if (!notice || this.#seeds.isOver) return notice;

    // Nothing of the mutant may be left in the process: the same seed without it has to come out as it did.
    const run = notice.noticedBy.slice('seed '.length);
    const { outcomes } = await this.#seeds.try({ runs: [run] }, SEED_ENDS_WITHIN_MS);
    const before = seeds.find((each) => each.run === run)?.hash;
    if (outcomes[0]?.isClean && outcomes[0].hash === before) return notice;
    this.#seeds.end();
    return this.#bySeedsAlone(trial);
  }

  /** In a process of its own. One that cannot even load the core is noticed by everybody. */
  async #bySeedsAlone(trial: Trial): Promise<Notice | undefined> {
    let own: TrialProcess;
    try {
      own = await TrialProcess.start('seed-process.ts', { texts: this.#texts, active: trial.active });
    } catch (error) {
      return { noticedBy: 'loading', what: String(error) };
    }
    const notice = noticeIn(await own.try(trial, SEED_ENDS_WITHIN_MS), trial, 'seed ');
    own.end();
    return notice;
  }

  async #byTests(mutant: Mutant, tests: readonly Seen[]): Promise<Notice | undefined> {
    if (tests.length === 0) return undefined;
    if (!this.#tests || this.#tests.isOver) {
      this.#tests = await TrialProcess.start('test-process.ts', { texts: this.#texts });
    }
    const trial = { active: mutant.id, runs: tests.map(({ run }) => run) };
    return noticeIn(await this.#tests.try(trial, FILE_ENDS_WITHIN_MS), trial, '');
  }

  async #byCompiler(mutant: Mutant): Promise<Notice | undefined> {
    const what = await this.#compiler.refusal(mutant);
    return what === undefined ? undefined : { noticedBy: 'compiler', what };
  }
}

/** @returns how many of them end within this time, one after the other; the first whatever it takes */
function quickestWithin(ms: number, runs: readonly Seen[]): number {
  let left = ms;
  const tooLong = runs.findIndex((run, index) => {
    left -= run.ms;
    return left < 0 && index > 0;
  });
  return tooLong === -1 ? runs.length : tooLong;
}

function since(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}

/** What never ends is noticed too, by the run that does not. */
function noticeIn({ outcomes, ended }: Tried, { runs }: Trial, name: string): Notice | undefined {
  const failed = outcomes.find(({ isClean }: Outcome) => !isClean);
  if (failed) return { noticedBy: `${name}${failed.run}`, what: failed.what };
  if (ended === 'all') return undefined;
  const what = ended === 'died' ? 'its process dies' : 'it does not end';
  return { noticedBy: `${name}${runs[outcomes.length]}`, what };
}
