import { hash } from 'node:crypto';
import type { Clock, Random } from '../../runtime/index.ts';
import { timeOrderedUuid } from '../../runtime/index.ts';
import { type Ledger, openLedger } from '../common/ledger.ts';
import { SimulatorError } from '../errors.ts';
import {
  emptyMemory,
  type Fate,
  type Memory,
  type PopRow,
  type Validation,
  type ValidationStatus,
} from './memory.ts';
import type { Purchase } from './request.ts';

/** What the API says of a validation. */
interface Answer {
  validation_id: string;
  transaction_id: string;
  status: ValidationStatus;
  error?: string;
}

export interface Validations {
  /** @throws {SimulatorError} SIM_POP_KEY_REUSED, SIM_POP_TRANSACTION_TAKEN */
  initiate(purchase: Purchase, idempotencyKey: string, fate: Fate): Promise<Answer>;
  /** @throws {SimulatorError} SIM_POP_NOT_FOUND */
  get(id: string): Answer;
  /** The latest, where a cancelled one was followed by another. @throws {SimulatorError} SIM_POP_NOT_FOUND */
  ofTransaction(transactionId: string): Answer;
  /** Those of the ids that are known, in their order. */
  answersOf(ids: readonly string[]): Answer[];
  consumerOf(id: string): string | undefined;
  /** @throws {SimulatorError} SIM_POP_NOT_FOUND, SIM_POP_FINAL */
  cancel(id: string, reason: string): Promise<Answer>;
  /** A block of the chain: what the last one included becomes final, what is pending is included. */
  block(): void;
  readonly open: number;
  totals: Memory['totals'];
  ledger: Ledger<PopRow>;
}

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
  const memory = emptyMemory();
  const ledger = await openLedger<PopRow>(file, memory.apply, onBroken);
  const now = () => new Date(clock.wall()).toISOString();
  const record = (row: PopRow) => {
    memory.apply(row);
    return ledger.append(row);
  };
  const end = (validation: Validation, kind: Exclude<PopRow['kind'], 'initiated'>, reason?: string) => {
    const { idempotencyKey: _key, bodyHash: _hash, fate: _fate, ...purchase } = validation.opening;
    return record({ ...purchase, kind, at: now(), ...(reason === undefined ? {} : { reason }) });
  };

  return {
    ledger,
    totals: memory.totals,
    get open() {
      return memory.open.size;
    },
    async initiate(purchase, idempotencyKey, fate) {
      const bodyHash = hash('sha256', JSON.stringify(purchase));
      const known = memory.byKey.get(idempotencyKey);
      if (known) {
        if (known.opening.bodyHash !== bodyHash) throw new SimulatorError('SIM_POP_KEY_REUSED');
        await ledger.flush();
        return firstAnswer(known);
      }
      refuseSecond(memory.byTransaction.get(purchase.transaction_id));
      const validationId = timeOrderedUuid(clock, random);
      const opening = { validationId, ...factsOf(purchase), idempotencyKey, bodyHash, fate };
      let written = record({ kind: 'initiated', at: now(), ...opening });
      const validation = find(memory, validationId);
      if (fate === 'validate-now' || fate === 'reject-now') written = end(validation, fateKind[fate]);
      await written;
      return firstAnswer(validation);
    },
    get: (id) => answer(find(memory, id)),
    ofTransaction(transactionId) {
      const latest = memory.byTransaction.get(transactionId);
      if (!latest) throw new SimulatorError('SIM_POP_NOT_FOUND');
      return answer(latest);
    },
    answersOf: (ids) =>
      ids.flatMap((id) => {
        const known = memory.byId.get(id);
        return known ? answer(known) : [];
      }),
    consumerOf: (id) => memory.byId.get(id)?.opening.consumerId,
    async cancel(id, reason) {
      const validation = find(memory, id);
      if (memory.open.has(validation)) await end(validation, 'cancelled', reason);
      else if (validation.status !== 'CANCELLED') {
        throw new SimulatorError('SIM_POP_FINAL', { status: validation.status, validation_id: id });
      }
      return answer(validation);
    },
    block() {
      for (const validation of memory.open) {
        if (validation.status === 'PENDING') validation.status = 'IN_PROGRESS';
        else end(validation, fateKind[validation.fate]).catch(() => {});
      }
    },
  };
}

function find({ byId }: Memory, id: string): Validation {
  const validation = byId.get(id);
  if (!validation) throw new SimulatorError('SIM_POP_NOT_FOUND');
  return validation;
}

function factsOf(purchase: Purchase) {
  return {
    transactionId: purchase.transaction_id,
    consumerId: purchase.consumer_id,
    merchantId: purchase.merchant_id,
    amount: purchase.amount,
    currency: purchase.currency,
    receiptHash: purchase.receipt_hash,
  };
}

/** One transaction has one purchase on the chain: another may begin only where the last came to nothing. */
function refuseSecond(first: Validation | undefined): void {
  if (!first || ['REJECTED', 'EXPIRED', 'CANCELLED'].includes(first.status)) return;
  throw new SimulatorError('SIM_POP_TRANSACTION_TAKEN', { validation_id: first.id });
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
