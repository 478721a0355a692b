import type { Clock, Log, LogLosses, Timer } from '../../runtime/index.ts';
import type { AlertBook } from '../fallback/alerts.ts';

export interface LogWatchParts {
  readonly losses: () => LogLosses;
  /** The process whose log it is. */
  readonly process: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts: AlertBook;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Tells people that a process cannot write its log, which it cannot tell them in the log: payments go on, and whoever
 * looks for their trace tomorrow finds none. It closes as soon as lines are written again. An alert of this process's
 * life before is closed as well.
 */
export class LogWatch {
  readonly #parts: LogWatchParts;
  /** What was told last; nothing before anything was. */
  #told: 'lost' | 'well' | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: LogWatchParts) {
    this.#parts = parts;
    this.#lookLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #lookLater(): void {
    if (!this.#isClosed) this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const losses = this.#parts.losses();
    const now = losses.failing === undefined ? 'well' : 'lost';
    if (now !== this.#told) {
      try {
        await this.#tell(losses);
        this.#told = now;
      } catch (error) {
        // The database is away: it is told with the next look.
        this.#parts.log.warn({ event: 'log.alert-failed', err: error });
      }
    }
    this.#lookLater();
  }

  async #tell({ failing, lost }: LogLosses): Promise<void> {
    const { alerts, clock, process: subject } = this.#parts;
    if (failing === undefined) {
      await alerts.closeAlert?.({ kind: 'log-lost', subject }, 'lines are written again');
      return;
    }
    const key = `log-lost|${subject}|${clock.wall()}`;
    const summary = `the log of ${subject} cannot be written (${failing}), ${lost} lines are lost so far`;
    await alerts.raise({ key, kind: 'log-lost', subject, summary });
  }
}
