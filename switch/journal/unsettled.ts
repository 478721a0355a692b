import type { Clock, Log, Timer } from '../../runtime/index.ts';
import type { Journal, NewEntry } from './journal.ts';

const RETRY_MS = 250;
/** An intention that is still not to be seen after so many looks was never stored. */
const LOOKS_BEFORE_FORGOTTEN = 120;

interface Waiting {
  readonly entry: NewEntry;
  looks: number;
}

/**
 * Decisions that the journal could not take when they were made. They are offered again until it takes them or
 * shows another decision. Nothing depends on this memory surviving: a restart finds the same transactions undecided.
 */
export class Unsettled {
  readonly #journal: Pick<Journal, 'append' | 'history'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limit: number;
  readonly #waiting = new Map<string, Waiting>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(journal: Pick<Journal, 'append' | 'history'>, clock: Clock, log: Log, limit: number) {
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    this.#limit = limit;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(entry: NewEntry): void {
    if (this.#waiting.size >= this.#limit) {
      this.#log.error({ event: 'unsettled.full', transaction: entry.transaction, limit: this.#limit });
      return;
    }
    this.#waiting.set(entry.transaction, { entry, looks: 0 });
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#closed || this.#timer || this.#waiting.size === 0) return;
    this.#timer = this.#clock.after(RETRY_MS, () => void this.#settleAll());
  }

  async #settleAll(): Promise<void> {
    for (const [transaction, waiting] of this.#waiting) {
      try {
        if (await this.#settle(waiting)) this.#waiting.delete(transaction);
      } catch (error) {
        this.#log.warn({ event: 'unsettled.journal-away', waiting: this.#waiting.size, err: error });
        break;
      }
    }
    this.#timer = undefined;
    this.#schedule();
  }

  async #settle(waiting: Waiting): Promise<boolean> {
    const { entry } = waiting;
    const history = await this.#journal.history(entry.transaction);
    if (history.length === 0) {
      waiting.looks += 1;
      return waiting.looks >= LOOKS_BEFORE_FORGOTTEN;
    }
    const { status } = await this.#journal.append(entry);
    this.#log.warn({ event: 'unsettled.settled', transaction: entry.transaction, status });
    return true;
  }
}
