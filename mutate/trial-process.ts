import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { MutateError } from './mutant.ts';
import type { Beginning, FromProcess, Outcome, ToProcess, Trial } from './trial.ts';

/** Loading the core, or a file of tests for the first time, on a machine that does other things too. */
const BEGINS_WITHIN_MS = 60_000;
const MAX_COMPLAINT = 4_000;

/** What came of a trial: the runs that ended, and why no more did where it was not all of them. */
export interface Tried {
  readonly outcomes: readonly Outcome[];
  readonly ended: 'all' | 'too-late' | 'died';
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) kill(child);
});

/** A process that tries mutants. One that does not answer in time is killed with all that it started. */
export class TrialProcess {
  readonly #child: ChildProcess;
  #complaint = '';
  #isOver = false;

  private constructor(script: string) {
    this.#child = fork(join(import.meta.dirname, script), [], {
      execArgv: [],
      detached: true, // a group of its own, to be ended as a whole
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    running.add(this.#child);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-MAX_COMPLAINT);
    });
    this.#child.once('close', () => {
      this.#isOver = true;
      running.delete(this.#child);
    });
  }

  /** @throws MutateError where it cannot begin of itself; with a mutant active this says something of the mutant */
  static async start(script: string, beginning: Beginning): Promise<TrialProcess> {
    const started = new TrialProcess(script);
    const ended = await started.#talk({ begin: beginning }, BEGINS_WITHIN_MS, () => {});
    if (ended === 'all') return started;
    started.end();
    throw new MutateError(`${script} does not begin: ${lastLine(started.#complaint)}`);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param withinMs that one run may take */
  async try(trial: Trial, withinMs: number, seen: (outcome: Outcome) => void = () => {}): Promise<Tried> {
    const outcomes: Outcome[] = [];
    const ended = await this.#talk({ trial }, withinMs, (outcome) => {
      outcomes.push(outcome);
      seen(outcome);
    });
    if (ended !== 'all') this.end();
    return { outcomes, ended };
  }

  end(): void {
    this.#isOver = true;
    kill(this.#child);
  }

  #talk(message: ToProcess, withinMs: number, seen: (outcome: Outcome) => void): Promise<Tried['ended']> {
    return new Promise((resolve) => {
      const child = this.#child;
      const finish = (ended: Tried['ended']) => {
        clearTimeout(patience);
        child.removeListener('message', hear);
        child.removeListener('close', die);
        resolve(ended);
      };
      const die = () => finish('died');
      let patience = setTimeout(() => finish('too-late'), withinMs);
      const hear = (heard: FromProcess) => {
        if (typeof heard !== 'object') return finish('all');
        clearTimeout(patience);
        patience = setTimeout(() => finish('too-late'), withinMs);
        seen(heard.outcome);
      };
      child.on('message', hear).once('close', die);
      if (child.connected) child.send(message);
      else finish('died');
    });
  }
}

function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {} // it has ended
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? 'it said nothing').trim();
}
