import type { LedgerRow } from '../common/ledger.ts';
import { type Tally, tally } from '../common/tally.ts';

export type ValidationStatus =
  | 'INITIATED'
  | 'PENDING'
  | 'IN_PROGRESS'
  | 'VALIDATED'
  | 'REJECTED'
  | 'EXPIRED'
  | 'CANCELLED';

/** How a validation will end: at its second block, or at once. */
export type Fate = 'validate' | 'validate-now' | 'reject' | 'reject-now' | 'expire';

/** One effect: a validation began, or reached its end. Amounts in minor units. */
export interface PopRow extends LedgerRow {
  kind: 'initiated' | 'validated' | 'rejected' | 'expired' | 'cancelled';
  validationId: string;
  transactionId: string;
  consumerId: string;
  merchantId: string;
  amount: number;
  currency: string;
  receiptHash: string;
  /** Only on `initiated`: what a repeat needs to be answered the same. */
  idempotencyKey?: string;
  bodyHash?: string;
  fate?: Fate;
  /** Only on `cancelled`. */
  reason?: string;
}

export interface Validation {
  id: string;
  status: ValidationStatus;
  fate: Fate;
  opening: PopRow;
}

/** What the service knows, as its ledger tells it. */
export interface Memory {
  byId: ReadonlyMap<string, Validation>;
  /** The latest of each transaction. */
  byTransaction: ReadonlyMap<string, Validation>;
  byKey: ReadonlyMap<string, Validation>;
  open: ReadonlySet<Validation>;
  totals: Tally['totals'];
  /** Takes note of a row, be it new or read back. */
  apply(row: PopRow): void;
}

const endOf = {
  validated: 'VALIDATED',
  rejected: 'REJECTED',
  expired: 'EXPIRED',
  cancelled: 'CANCELLED',
} as const;

export function emptyMemory(): Memory {
  const byId = new Map<string, Validation>();
  const byTransaction = new Map<string, Validation>();
  const byKey = new Map<string, Validation>();
  const open = new Set<Validation>();
  const { add, totals } = tally();

  const begin = (row: PopRow) => {
    const validation: Validation = {
      id: row.validationId,
      status: 'PENDING',
      fate: row.fate ?? 'validate',
      opening: row,
    };
    byId.set(validation.id, validation);
    byTransaction.set(row.transactionId, validation);
    if (row.idempotencyKey !== undefined) byKey.set(row.idempotencyKey, validation);
    open.add(validation);
  };

  return {
    byId,
    byTransaction,
    byKey,
    open,
    totals,
    apply(row) {
      add(row.currency, row.kind, row.amount);
      if (row.kind === 'initiated') return begin(row);
      const ended = byId.get(row.validationId);
      if (!ended) return;
      ended.status = endOf[row.kind];
      open.delete(ended);
    },
  };
}
