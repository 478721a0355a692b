import type { Journal } from '../journal/journal.ts';
import { appendNext } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';

// A void may be reversed by its terminal until the network hears of it. So that it is about to hear is written down
// first: else the sale could be made to stand again here while its reversal is on the line. To journal what the network
// answered, and nothing before, was rejected: between the two nobody could say whether it was told.

/** Whether the network is not told yet of the void that took this back. */
export function isUntoldVoid({ takenBack, voids }: Transaction): boolean {
  const last = voids.at(-1);
  return takenBack === 'void' && last !== undefined && !last.isTold && !last.isReversed;
}

/**
 * How long the network is not to be told of it yet, in milliseconds: another reversal of the same payment may be queued
 * from before, and must not tell of the void before its time. The time is of another node's clock: where the two are
 * further apart than the wait itself nobody can say, and the network is told.
 */
export function untilTold({ voids }: Transaction, nowMs: number, voidWaitMs: number): number {
  const waitMs = (voids.at(-1)?.toldFrom ?? 0) - nowMs;
  return waitMs > 0 && waitMs <= MOST_WAITS * voidWaitMs ? waitMs : 0;
}

const MOST_WAITS = 2;

/** From here on the void's reversal comes too late. */
export function tellOfVoid(journal: Journal, transaction: string): Promise<void> {
  return appendNext(journal, transaction, (now) =>
    isUntoldVoid(now) ? { kind: 'void-told', body: {} } : undefined,
  );
}
