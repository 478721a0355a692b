/**
 * What the processes that try mutants are asked and what they answer. There are two sorts of them with one
 * protocol: one runs seeds of the simulation, the other runs files of tests; a seed or a file is a _run_.
 */

/** How the files that have mutants are loaded: their text, by their path from the root of the project. */
export type Texts = Readonly<Record<string, string>>;

export interface Beginning {
  readonly texts: Texts;
  /** Active already while the core is loaded. */
  readonly active?: string | undefined;
}

export interface Trial {
  /** None: the core as it is. */
  readonly active?: string | undefined;
  /** One after the other, up to the first that is not clean. */
  readonly runs: readonly string[];
}

export interface Outcome {
  readonly run: string;
  readonly isClean: boolean;
  /** What was not clean about it, in a line. */
  readonly what: string;
  readonly ms: number;
  /** The same for the same core. */
  readonly hash: string;
  /** Mutants that it came by. */
  readonly reached: readonly string[];
}

export type ToProcess = { readonly begin: Beginning } | { readonly trial: Trial };
export type FromProcess = 'ready' | 'done' | { readonly outcome: Outcome };

/** What a process does with one run. */
export type RunOne = (run: string, active: string | undefined) => Promise<Omit<Outcome, 'run' | 'ms'>>;

/** The life of such a process: it begins once, then tries what it is told to, and ends with its parent. */
export function serveTrials(begin: (beginning: Beginning) => Promise<RunOne>): void {
  let runOne: RunOne | undefined;
  const tell = (message: FromProcess) => void process.send?.(message);
  process.once('disconnect', () => process.exit(0));
  process.on('message', async (message: ToProcess) => {
    if ('begin' in message) {
      runOne = await begin(message.begin);
      return tell('ready');
    }
    const { active, runs } = message.trial;
    for (const run of runs) {
      const startedAt = performance.now();
      const outcome = await runOne?.(run, active);
      if (!outcome) break;
      tell({ outcome: { ...outcome, run, ms: Math.round(performance.now() - startedAt) } });
      if (!outcome.isClean && active !== undefined) break;
    }
    tell('done');
  });
}
