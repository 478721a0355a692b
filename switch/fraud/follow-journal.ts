/**
 * Tells the rules of a node what the others have written, and what was written before it started. It reads the journal
 * behind the hot path, some hundred entries at a time, so that no payment waits for it. Its own entries of this life
 * are counted as they are appended, and left out here. The projection's rows were the other source; they show what a
 * payment is now, and not when each of its steps happened.
 */
import { type Clock, DAY_MS, LastingTrouble, type Log, type Timer } from '../../runtime/index.ts';
import type { EntryLines } from './entry-lines.ts';
import type { FraudWatch } from './fraud-watch.ts';

export interface FollowParts {
  readonly lines: EntryLines;
  readonly watch: Pick<FraudWatch, 'note'>;
  /** The node's name, and the first epoch of this life: what it writes itself is known. */
  readonly node: string;
  readonly epoch: number;
  readonly lookBackMs?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FollowStatus {
  /** How many entries were counted. */
  readonly entries: number;
  /** There is more than was read: counters lack what is not read yet. */
  readonly isBehind: boolean;
  /** How long ago it was last read to its end, in milliseconds; null where it never was. */
  readonly wholeAgoMs: number | null;
}

const LOOK_EVERY_MS = 1_000;
/** Between two looks where more is there: payments have the processor meanwhile. */
const GO_ON_MS = 20;
/** Of each epoch at once: a few milliseconds of work. */
const MOST_ENTRIES = 200;

export class JournalFollower {
  readonly #parts: FollowParts;
  readonly #since: number;
  readonly #trouble: LastingTrouble;
  readonly #cursors = new Map<number, number>();
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;
  #entries = 0;
  #isBehind = true;
  #wholeAt: number | undefined;

  constructor(parts: FollowParts) {
    const { clock, lookBackMs = DAY_MS } = parts;
    this.#parts = parts;
    this.#since = clock.wall() - lookBackMs;
    this.#trouble = new LastingTrouble('fraud.not-followed', parts);
    this.#lookAfter(0);
  }

  status(): FollowStatus {
    const now = this.#parts.clock.monotonic();
    return {
      entries: this.#entries,
      isBehind: this.#isBehind,
      wholeAgoMs: this.#wholeAt === undefined ? null : Math.round(now - this.#wholeAt),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  #lookAfter(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer = this.#parts.clock.after(delayMs, () => {
      this.#looking = this.#look().then((nextMs) => this.#lookAfter(nextMs));
    });
  }

  /** @returns when to look again, in milliseconds */
  async #look(): Promise<number> {
    try {
      const hasMore = await this.#read();
      this.#trouble.over();
      this.#isBehind = hasMore;
      if (!hasMore) this.#wholeAt = this.#parts.clock.monotonic();
      return hasMore ? GO_ON_MS : LOOK_EVERY_MS;
    } catch (error) {
      this.#isBehind = true;
      this.#trouble.failed(error);
      return LOOK_EVERY_MS;
    }
  }

  /** @returns whether there is more */
  async #read(): Promise<boolean> {
    const { lines, watch, node, epoch: own } = this.#parts;
    const epochs = await lines.epochs(this.#since);
    const others = epochs.filter((each) => each.node !== node || each.epoch < own);
    this.#keepCursors(others.map(({ epoch }) => epoch));

    const entries = await lines.after(this.#cursors, this.#since, MOST_ENTRIES);
    const read = new Map<number, number>();
    for (const entry of entries) {
      watch.note(entry, entry.at);
      this.#cursors.set(entry.epoch, entry.sequence);
      read.set(entry.epoch, (read.get(entry.epoch) ?? 0) + 1);
    }
    this.#entries += entries.length;
    return [...read.values()].some((count) => count >= MOST_ENTRIES);
  }

  /** Epochs that ended before what is looked back at are not asked about any more. */
  #keepCursors(epochs: readonly number[]): void {
    const wanted = new Set(epochs);
    for (const epoch of this.#cursors.keys()) if (!wanted.has(epoch)) this.#cursors.delete(epoch);
    for (const epoch of wanted) if (!this.#cursors.has(epoch)) this.#cursors.set(epoch, 0);
  }
}
