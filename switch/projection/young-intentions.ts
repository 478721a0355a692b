import type { JournalEntry } from '../journal/journal.ts';

/**
 * Payments that were asked for a moment ago and are not decided yet: their rows wait for the decision, which most of
 * them get within a tenth of a second, and are then written once instead of twice. What stays open longer is projected
 * as open. A projector that dies forgets them; their decisions, which always come, are read with all that was before.
 * No batch and no total counts a payment that is open.
 */
const MOST = 10_000;

export class YoungIntentions {
  readonly #histories = new Map<string, readonly JournalEntry[]>();

  /** @returns whether its row may wait */
  keep(history: readonly JournalEntry[], bornAfter: number): boolean {
    const [first, second] = history;
    if (first?.kind !== 'intended' || second || first.at <= bornAfter) return false;
    if (this.#histories.size >= MOST) return false;
    this.#histories.set(first.transaction, history);
    return true;
  }

  /** Those that are young no more: their rows are due. */
  grown(bornBefore: number): (readonly JournalEntry[])[] {
    return [...this.#histories.values()].filter(([first]) => (first?.at ?? 0) <= bornBefore);
  }

  /** Once their rows are written. */
  forget(transactions: Iterable<string>): void {
    for (const transaction of transactions) this.#histories.delete(transaction);
  }
}
