/**
 * `switch.awaited_proof` in memory, with what its statements do (`switch/follow-up/awaited-proofs.ts`): leases, due
 * dates, and the mark of what was handed over to the queue. A statement is one call here, so nothing comes between its
 * parts, as in the database.
 */
import type { DueProof } from '../../switch/follow-up/awaited-proofs.ts';
import type { AwaitedProof } from '../../switch/transaction/awaited-proof.ts';

/** A row of `switch.awaited_proof`. */
interface AwaitedRow extends AwaitedProof {
  dueAt: number;
  attempt: number;
  isHandedOver: boolean;
}

/** The rows, and the transactions that the projector has not read yet. */
export class AwaitedTable {
  readonly rows = new Map<string, AwaitedRow>();
  readonly unprojected = new Set<string>();
  /** Only a mutant turns this off. */
  keepsHandedOver = true;

  /** Nothing is waited for, or will be: what was handed over waits in the queue. */
  get isQuiet(): boolean {
    return this.unprojected.size === 0 && [...this.rows.values()].every(({ isHandedOver }) => isHandedOver);
  }

  claim(limit: number, now: number, leaseMs: number): DueProof[] {
    const due = [...this.rows.values()].filter(({ dueAt, isHandedOver }) => dueAt <= now && !isHandedOver);
    return due
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, limit)
      .map((row) => {
        row.dueAt = now + leaseMs;
        row.attempt += 1;
        const { transaction, validation, version, attempt } = row;
        return { transaction, validation, version, attempt };
      });
  }

  putOff(transactions: readonly string[], dueAt: number): void {
    for (const transaction of transactions) {
      const row = this.rows.get(transaction);
      if (row && !row.isHandedOver) row.dueAt = dueAt;
    }
  }

  /** @returns those that were not handed over before */
  takeFrom(transactions: readonly string[]): string[] {
    return transactions.filter((transaction) => {
      const row = this.rows.get(transaction);
      if (!row || row.isHandedOver) return false;
      row.isHandedOver = true;
      return true;
    });
  }

  put(proof: AwaitedProof, dueAt: number): void {
    const known = this.rows.get(proof.transaction);
    const isSame = known?.acceptedVersion === proof.acceptedVersion;
    const fresh = { dueAt, attempt: 0, isHandedOver: false };
    this.rows.set(proof.transaction, { ...fresh, ...(isSame && known), ...proof });
  }
}
