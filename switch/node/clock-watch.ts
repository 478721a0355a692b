import type { Clock, Log, Timer } from '../../runtime/index.ts';
import type { AlertBook } from '../fallback/alerts.ts';
import type { ClockReading, ClockRecords } from './clock-records.ts';

export interface ClockWatchParts {
  readonly records: ClockRecords;
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: what is wrong is in the log alone. */
  readonly alerts?: AlertBook;
  /** Disagreement up to this is none. */
  readonly toleranceMs: number;
}

export interface ClockStatus {
  /** By how much this node's clock is ahead of the database's. */
  readonly aheadMs: number;
  /** What disagrees; absent where nothing does. */
  readonly trouble?: string;
}

export const DEFAULT_CLOCK_TOLERANCE_MS = 2_000;
const LOOK_EVERY_MS = 5_000;

/**
 * Compares the node's clock with the database's, and with what the other nodes found of theirs. Deadlines do not mind a
 * wrong clock; business days, DE7 towards networks and the order of what people read do: a node a day behind books to
 * yesterday. It is an alarm and no reason to stop: where the database's clock is the wrong one, all nodes would.
 */
export class ClockWatch {
  readonly #parts: ClockWatchParts;
  #status: ClockStatus | undefined;
  #timer: Timer | undefined;
  #told: string | undefined;
  #hasAgreed = false;
  #isClosed = false;

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
    this.#timer = parts.clock.after(0, () => void this.#look());
  }

  /** As last seen; nothing before the first look. */
  status(): ClockStatus | undefined {
    return this.#status;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#parts.records.close();
  }

  async #look(): Promise<void> {
    const { records, clock } = this.#parts;
    try {
      const own = await records.read();
      const others = await records.exchange(own.aheadMs);
      await this.#judge(own, others);
    } catch {
      // the journal says louder that the database is away
    }
    if (!this.#isClosed) this.#timer = clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  async #judge(own: ClockReading, others: ReadonlyMap<string, number>): Promise<void> {
    const { node, log } = this.#parts;
    const trouble = disagreement(own, others, this.#parts);
    const aheadMs = Math.round(own.aheadMs);
    this.#status = { aheadMs, ...(trouble && { trouble: trouble.summary }) };
    if (!trouble) {
      if (this.#told !== undefined) log.info({ event: 'clock.agrees', node, aheadMs });
      // An alert of this process's life before is over as well.
      if (this.#told !== undefined || !this.#hasAgreed) await this.#close();
      this.#hasAgreed = true;
      this.#told = undefined;
      return;
    }
    if (this.#told === trouble.with) return;
    log.error({ event: 'clock.disagrees', node, aheadMs, reason: trouble.summary });
    if (await this.#raise(trouble)) this.#told = trouble.with;
  }

  async #close(): Promise<void> {
    const { alerts, node } = this.#parts;
    await alerts?.closeAlert?.({ kind: 'clock', subject: node }, 'the clocks agree');
  }

  /** @returns whether it was written; else it is tried again with the next look */
  async #raise({ with: other, summary }: Trouble): Promise<boolean> {
    const { alerts, clock, node, log } = this.#parts;
    const key = `clock|${node}|${other}|${clock.monotonic()}|${clock.wall()}`;
    try {
      await alerts?.raise({ key, kind: 'clock', subject: node, summary });
      return true;
    } catch (error) {
      log.warn({ event: 'clock.alert-failed', reason: error instanceof Error ? error.message : '' });
      return false;
    }
  }
}

interface Trouble {
  readonly with: string;
  readonly summary: string;
}

/** With the database first: who disagrees with it disagrees with every node that agrees with it. */
function disagreement(
  { aheadMs, uncertainMs }: ClockReading,
  others: ReadonlyMap<string, number>,
  { toleranceMs, node }: Pick<ClockWatchParts, 'toleranceMs' | 'node'>,
): Trouble | undefined {
  if (Math.abs(aheadMs) - uncertainMs > toleranceMs) {
    return { with: 'the database', summary: told(node, aheadMs, 'the database’s') };
  }
  for (const [other, otherAheadMs] of others) {
    if (Math.abs(otherAheadMs) > toleranceMs) continue; // it disagrees with the database, and says so itself

    const apartMs = aheadMs - otherAheadMs;
    if (Math.abs(apartMs) - uncertainMs > toleranceMs) {
      return { with: other, summary: told(node, apartMs, `${other}’s`) };
    }
  }
  return undefined;
}

function told(node: string, aheadMs: number, whose: string): string {
  const seconds = Math.round(Math.abs(aheadMs) / 100) / 10;
  return `the clock of ${node} is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} ${whose}`;
}
