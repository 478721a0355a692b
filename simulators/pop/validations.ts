import { createHash } from 'node:crypto';
import type { Clock, Random } from '../../runtime/index.ts';
import { timeOrderedUuid } from '../../runtime/index.ts';
import type { Ledger, LedgerRow } from '../common/ledger.ts';
import { openLedger } from '../common/ledger.ts';
import { tally } from '../common/tally.ts';
import { SimulatorError } from '../errors.ts';
import type { Purchase } from './request.ts';

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

export interface Answer {
  validation_id: string;
  transaction_id: string;
  status: ValidationStatus;
  error?: string;
}

interface Validation {
  id: string;
  status: ValidationStatus;
  fate: Fate;
  opening: PopRow;
}

export interface Validations {
  /** @throws {SimulatorError} SIM_POP_KEY_REUSED, SIM_POP_TRANSACTION_TAKEN */
  initiate(purchase: Purchase, idempotencyKey: string, fate: Fate): Promise<Answer>;
  /** @throws {SimulatorError} SIM_POP_NOT_FOUND */
  get(id: string): Answer;
  /** The latest, where a cancelled one was followed by another. @throws {SimulatorError} SIM_POP_NOT_FOUND */
  ofTransaction(transactionId: string): Answer;
  consumerOf(id: string): string | undefined;
  /** @throws {SimulatorError} SIM_POP_NOT_FOUND, SIM_POP_FINAL */
  cancel(id: string, reason: string): Promise<Answer>;
  /** A block of the chain: what the last one included becomes final, what is pending is included. */
  block(): void;
  readonly open: number;
  totals: ReturnType<typeof tally>['totals'];
  ledger: Ledger<PopRow>;
}

const endOf = {
  validated: 'VALIDATED',
  rejected: 'REJECTED',
  expired: 'EXPIRED',
  cancelled: 'CANCELLED',
} as const;
const fateKind = {
  validate: 'validated',
  'validate-now': 'validated',
  reject: 'rejected',
  'reject-now': 'rejected',
  expire: 'expired',
} as const;

/** The consensus service's state, rebuilt from its ledger. */
export async function openValidations(
  file: string,
  clock: Clock,
  random: Random,
  onBroken: (error: unknown) => void,
): Promise<Validations> {
  const byId = new Map<string, Validation>();
  const byTransaction = new Map<string, Validation>();
  const byKey = new Map<string, Validation>();
  const open = new Set<Validation>();
  const sums = tally();

  const apply = (row: PopRow) => {
    sums.add(row.currency, row.kind, row.amount);
    if (row.kind !== 'initiated') {
      const ended = byId.get(row.validationId);
      if (!ended) return;
      ended.status = endOf[row.kind];
      open.delete(ended);
      return;
    }
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

  const ledger = await openLedger<PopRow>(file, apply, onBroken);
  const record = (row: PopRow) => {
    apply(row);
    return ledger.append(row);
  };
  const end = (validation: Validation, kind: Exclude<PopRow['kind'], 'initiated'>, reason?: string) => {
    const { idempotencyKey: _key, bodyHash: _hash, fate: _fate, ...purchase } = validation.opening;
    const at = new Date(clock.wall()).toISOString();
    return record({ ...purchase, kind, at, ...(reason === undefined ? {} : { reason }) });
  };
  const find = (id: string) => {
    const validation = byId.get(id);
    if (!validation) throw new SimulatorError('SIM_POP_NOT_FOUND');
    return validation;
  };

  return {
    ledger,
    totals: sums.totals,
    get open() {
      return open.size;
    },
    async initiate(purchase, idempotencyKey, fate) {
      const bodyHash = createHash('sha256').update(JSON.stringify(purchase)).digest('hex');
      const known = byKey.get(idempotencyKey);
      if (known) {
        if (known.opening.bodyHash !== bodyHash) throw new SimulatorError('SIM_POP_KEY_REUSED');
        await ledger.flush();
        return firstAnswer(known);
      }
      const standing = byTransaction.get(purchase.transaction_id);
      if (standing && isStanding(standing))
        throw new SimulatorError('SIM_POP_TRANSACTION_TAKEN', { validation_id: standing.id });
      const opening: PopRow = {
        kind: 'initiated',
        at: new Date(clock.wall()).toISOString(),
        validationId: timeOrderedUuid(clock, random),
        transactionId: purchase.transaction_id,
        consumerId: purchase.consumer_id,
        merchantId: purchase.merchant_id,
        amount: purchase.amount,
        currency: purchase.currency,
        receiptHash: purchase.receipt_hash,
        idempotencyKey,
        bodyHash,
        fate,
      };
      let written = record(opening);
      const validation = find(opening.validationId);
      if (fate === 'validate-now' || fate === 'reject-now') written = end(validation, fateKind[fate]);
      await written;
      return firstAnswer(validation);
    },
    get: (id) => answer(find(id)),
    ofTransaction(transactionId) {
      const latest = byTransaction.get(transactionId);
      if (!latest) throw new SimulatorError('SIM_POP_NOT_FOUND');
      return answer(latest);
    },
    consumerOf: (id) => byId.get(id)?.opening.consumerId,
    async cancel(id, reason) {
      const validation = find(id);
      if (open.has(validation)) await end(validation, 'cancelled', reason);
      else if (validation.status !== 'CANCELLED') {
        throw new SimulatorError('SIM_POP_FINAL', { status: validation.status, validation_id: id });
      }
      return answer(validation);
    },
    block() {
      for (const validation of open) {
        if (validation.status === 'PENDING') validation.status = 'IN_PROGRESS';
        else end(validation, fateKind[validation.fate]).catch(() => {});
      }
    },
  };
}

/** One transaction has one purchase on the chain: another may begin only where the last came to nothing. */
function isStanding({ status }: Validation): boolean {
  return status !== 'REJECTED' && status !== 'EXPIRED' && status !== 'CANCELLED';
}

function answer({ id, status, opening }: Validation): Answer {
  const base = { validation_id: id, transaction_id: opening.transactionId, status };
  if (status === 'REJECTED') return { ...base, error: 'a party refused to sign' };
  return status === 'EXPIRED' ? { ...base, error: 'not every party signed in time' } : base;
}

/** What `POST /validations` answered the first time, and answers to every repeat. */
function firstAnswer(validation: Validation): Answer {
  const status =
    validation.fate === 'validate-now'
      ? 'VALIDATED'
      : validation.fate === 'reject-now'
        ? 'REJECTED'
        : 'INITIATED';
  return answer({ ...validation, status });
}
