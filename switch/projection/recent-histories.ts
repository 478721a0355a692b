import type { JournalEntry } from '../journal/journal.ts';

/**
 * What the projector read of transactions a moment ago, so that a step which meets the next entry of one need not read
 * the others again. Entries never change, so what is here is right, whatever became of the step that read it; what is
 * not here is read. The longest untouched go first.
 */
const MAX_TRANSACTIONS = 8_000;
/** A history that goes on for long is not one of many. */
const MAX_ENTRIES = 8;

export class RecentHistories {
  readonly #histories = new Map<string, readonly JournalEntry[]>();

  /** The whole history, oldest first, of what was read now and before; nothing where entries are missing. */
  join(transaction: string, read: readonly JournalEntry[]): JournalEntry[] | undefined {
    const byVersion = new Map<number, JournalEntry>();
    for (const entry of this.#histories.get(transaction) ?? []) byVersion.set(entry.version, entry);
    for (const entry of read) byVersion.set(entry.version, entry);
    const history = [...byVersion.values()].sort((a, b) => a.version - b.version);
    return history.every(({ version }, index) => version === index + 1) ? history : undefined;
  }

  /** Keeps a whole history for the steps to come. */
  keep(history: readonly JournalEntry[]): void {
    const transaction = history[0]?.transaction ?? '';
    this.#histories.delete(transaction);
    if (history.length > MAX_ENTRIES) return;
    this.#histories.set(transaction, history);
    if (this.#histories.size <= MAX_TRANSACTIONS) return;
    for (const oldest of this.#histories.keys()) {
      this.#histories.delete(oldest);
      break;
    }
  }

  /** Nothing more is expected of these. */
  forget(transactions: Iterable<string>): void {
    for (const transaction of transactions) this.#histories.delete(transaction);
  }
}
