import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Compiler } from './compiler.ts';
import { ROOT, testsOf } from './files.ts';
import { Judge } from './judge.ts';
import type { Mutant } from './mutant.ts';
import type { ReportFile, Seen, Verdict } from './report-file.ts';
import { textsOf } from './sample.ts';
import type { Texts } from './trial.ts';
import { TrialProcess } from './trial-process.ts';

export interface HuntOptions {
  readonly mutants: readonly Mutant[];
  readonly report: ReportFile;
  /** Seeds of the simulation that may judge, from 1 on. */
  readonly seeds: number;
  /** Files of tests that may judge; all that load one of the mutants where they are left out. */
  readonly tests?: readonly string[];
  /** No more is begun after this. */
  readonly forMs: number;
  /** So many mutants are tried at a time; two where it is left out. */
  readonly processes?: number;
  readonly onProgress: (what: string) => void;
  readonly onVerdict: (mutant: Mutant, verdict: Verdict) => void;
}

const PROCESSES = 2;
const RUN_ENDS_WITHIN_MS = 60_000;

interface Look {
  readonly script: string;
  readonly runs: readonly string[];
  readonly ofRun: (run: string) => string;
}

/**
 * Looks which seeds come by which mutants and has each judged by those, then the same with tests for what is left.
 * Several at a time.
 */
export class Hunt {
  readonly #options: HuntOptions;
  readonly #texts: Texts;
  readonly #until: number;

  constructor(options: HuntOptions) {
    this.#options = options;
    this.#texts = textsOf(options.mutants);
    this.#until = performance.now() + options.forMs;
  }

  /** @returns whether every mutant has its verdict; false where the time was over before */
  async run(): Promise<boolean> {
    const { mutants, report } = this.#options;
    const open = mutants.filter(({ id }) => !report.verdictOf(id));
    if (open.length === 0) return true;
    const core = hashOf(JSON.stringify(this.#texts));
    const seeds = await this.#look({
      script: 'seed-process.ts',
      runs: Array.from({ length: this.#options.seeds }, (_, index) => String(index + 1)),
      ofRun: () => core,
    });
    const look = {
      script: 'test-process.ts',
      runs: this.#options.tests ?? testsOf(Object.keys(this.#texts)),
      ofRun: (run: string) => hashOf(core + readFileSync(join(ROOT, run), 'utf8')),
    };
    // Tests are looked through behind the first seeds: where a report has some, the seeds had their turn.
    const isResumed = look.runs.some((run) => report.seenBy(run, look.ofRun(run)));
    if (!isResumed) {
      await this.#judgeAll(open, (judge, mutant) => judge.judgeAtOnce(mutant, comingBy(mutant, seeds)));
    }
    const left = open.filter(({ id }) => !report.verdictOf(id));
    if (left.length === 0) return true;

    const tests = await this.#look(look);
    await this.#judgeAll(left, (judge, mutant) =>
      judge.judge(mutant, { seeds: comingBy(mutant, seeds), tests: comingBy(mutant, tests) }),
    );
    return mutants.every(({ id }) => report.verdictOf(id));
  }

  get #isOver(): boolean {
    return performance.now() > this.#until;
  }

  /** What each run comes by with no mutant active. One that is not clean then can judge nothing. */
  async #look({ script, runs, ofRun }: Look): Promise<Seen[]> {
    const { report, onProgress } = this.#options;
    const left = runs.filter((run) => !report.seenBy(run, ofRun(run)));
    const queue = left.values();
    await this.#together(left.length, async () => {
      const looking = await TrialProcess.start(script, { texts: this.#texts });
      for (const run of queue) {
        const { outcomes } = await looking.try({ runs: [run] }, RUN_ENDS_WITHIN_MS);
        const [outcome] = outcomes;
        if (!outcome) throw new Error(`${run} does not end, with no mutant in it`);
        report.keepSeen({ ...outcome, of: ofRun(run) });
        onProgress(`looking: ${run}`);
        if (this.#isOver) break;
      }
      looking.end();
    });

    const seen = runs.map((run) => report.seenBy(run, ofRun(run))).filter((each) => each !== undefined);
    for (const { run, isClean, what } of seen) if (!isClean) onProgress(`left out: ${run}: ${what}`);
    return seen.filter(({ isClean }) => isClean).sort((a, b) => a.ms - b.ms);
  }

  async #judgeAll(
    mutants: readonly Mutant[],
    ask: (judge: Judge, mutant: Mutant) => Promise<Verdict | undefined>,
  ): Promise<void> {
    const { report, onVerdict } = this.#options;
    const compiler = new Compiler();
    const queue = mutants.values();
    await this.#together(mutants.length, async () => {
      const judge = new Judge(this.#texts, compiler);
      for (const mutant of queue) {
        const verdict = await ask(judge, mutant);
        if (verdict) {
          report.keepVerdict(verdict);
          onVerdict(mutant, verdict);
        }
        if (this.#isOver) break;
      }
      judge.end();
    });
  }

  /** Several at a time take from the same queue. */
  async #together(count: number, work: () => Promise<void>): Promise<void> {
    if (this.#isOver) return;
    const { processes = PROCESSES } = this.#options;
    await Promise.all(Array.from({ length: Math.min(processes, count) }, work));
  }
}

function comingBy({ id }: Mutant, runs: readonly Seen[]): readonly Seen[] {
  return runs.filter(({ reached }) => reached.includes(id));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
