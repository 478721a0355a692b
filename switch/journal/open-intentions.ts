import type { PendingEntry } from './entry.ts';
import type { AppendResult, TransactionId } from './journal.ts';

/**
 * The intentions of this epoch that have no decision yet, by sequence. The lowest of them is written down with every
 * renewal of the lease: who takes over looks no further back.
 */
export class OpenIntentions {
  readonly #sequences = new Map<TransactionId, number>();

  get size(): number {
    return this.#sequences.size;
  }

  offered({ entry, sequence }: PendingEntry): void {
    if (entry.version === 1 && entry.kind === 'intended' && !this.#sequences.has(entry.transaction)) {
      this.#sequences.set(entry.transaction, sequence);
    }
  }

  answered(pending: PendingEntry, { status }: AppendResult): void {
    const isLater = pending.entry.version > 1 && status !== 'claimed';
    if (isLater) this.#sequences.delete(pending.entry.transaction);
    else if (status !== 'appended') this.absent(pending);
  }

  /** The entry is not in the journal and will not be. */
  absent({ entry, sequence }: PendingEntry): void {
    if (this.#sequences.get(entry.transaction) === sequence) this.#sequences.delete(entry.transaction);
  }

  /** Every intention below it is decided. `next` is the sequence of the next entry. */
  lowWater(next: number): number {
    return this.#sequences.values().next().value ?? next;
  }
}
