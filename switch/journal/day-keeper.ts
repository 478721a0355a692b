import { type Clock, HOUR_MS, type Log, type Timer } from '../../runtime/index.ts';
import { dayOfTime } from './claim-names.ts';
import type { JournalReader } from './journal-reader.ts';

const FIRST_AFTER_MS = 30_000;
/** What could not be made, since flushes had its tables, is tried again: soon, then less often. */
const AGAIN_AFTER_MS = [500, 1_000, 2_000, 5_000, 15_000, 60_000];
const DAYS_AHEAD = 7;
const MAKE_DAYS = {
  name: 'make-days',
  text: 'select made, in_rest as "inRest" from switch.make_days($1, $2)',
};

/**
 * Sees to it that the days to come have their partitions: a week ahead, looked at every hour. Where it cannot, nothing
 * fails: what has no day is caught by the rest, and moved once the day is made. Any node may do it for all.
 */
export class DayKeeper {
  readonly #reader: Pick<JournalReader, 'query'>;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: Timer | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(reader: Pick<JournalReader, 'query'>, clock: Clock, log: Log) {
    this.#reader = reader;
    this.#clock = clock;
    this.#log = log;
  }

  /** Makes what is needed now; the days ahead are made a little later. */
  async begin(): Promise<void> {
    const isMade = await this.#make(1);
    this.#schedule(isMade ? FIRST_AFTER_MS : this.#delayMs());
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #schedule(afterMs: number): void {
    if (this.#isClosed) return;
    this.#timer = this.#clock.after(afterMs, () => {
      void this.#make(DAYS_AHEAD).then((isMade) => this.#schedule(isMade ? HOUR_MS : this.#delayMs()));
    });
  }

  #delayMs(): number {
    return AGAIN_AFTER_MS[Math.min(this.#failures, AGAIN_AFTER_MS.length) - 1] ?? HOUR_MS;
  }

  /** From yesterday on: terminals' clocks are behind. @returns whether all of them are there now */
  async #make(ahead: number): Promise<boolean> {
    const today = dayOfTime(this.#clock.wall());
    try {
      const [row] = await this.#reader.query<{ made: number; inRest: number }>(MAKE_DAYS, [
        today - 1,
        today + ahead,
      ]);
      const { made = 0, inRest = 0 } = row ?? {};
      if (made > 0) this.#log.info({ event: 'journal.days-made', made });
      if (inRest > 0) this.#log.warn({ event: 'journal.without-day', rows: inRest });
      this.#failures = 0;
      return true;
    } catch (error) {
      this.#failures += 1;
      this.#log.warn({ event: 'journal.days-failed', failures: this.#failures, err: error });
      return false;
    }
  }
}
