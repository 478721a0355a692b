import type { StoredTransaction } from '../projection/transaction-row.ts';
import { type Dating, UTC_DAYS } from './dating.ts';
import { type Difference, differenceOf, type Finding } from './difference.ts';
import type { ProofRecord } from './ledgers/records.ts';

/** How the proof of a purchase stands, by the consensus's own ledger. */
export interface Proof extends ProofRecord {
  readonly businessDate: string;
}

export interface ProofPair {
  readonly row: StoredTransaction | undefined;
  readonly proof: Proof | undefined;
}

/** Of several validations of a purchase the one that matters: final, else under way, else the latest that ended. */
const RANK: Readonly<Record<ProofRecord['status'], number>> = {
  validated: 3,
  pending: 2,
  rejected: 1,
  expired: 1,
  cancelled: 1,
};

/** The latest line of each validation, and of each purchase the validation that matters. */
export function proofsOf(records: readonly ProofRecord[], calendar: Dating = UTC_DAYS): Proof[] {
  const validations = new Map<string, Proof>();
  for (const record of records) {
    const first = validations.get(record.validation);
    const date = first?.businessDate ?? calendar.dateOf(Date.parse(record.at));
    validations.set(record.validation, { ...record, businessDate: date });
  }
  const purchases = new Map<string, Proof>();
  for (const proof of validations.values()) {
    const known = purchases.get(proof.transaction);
    if (!known || RANK[proof.status] >= RANK[known.status]) purchases.set(proof.transaction, proof);
  }
  return [...purchases.values()];
}

export function pairProofs(rows: readonly StoredTransaction[], proofs: readonly Proof[]): ProofPair[] {
  const waiting = new Map(proofs.map((proof) => [proof.transaction, proof]));
  const paired = rows.map((row) => {
    const proof = waiting.get(row.transaction);
    waiting.delete(row.transaction);
    return { row, proof };
  });
  return [...paired, ...[...waiting.values()].map((proof) => ({ row: undefined, proof }))];
}

/** What a proof witnesses, or may come to witness; 0 where it ended otherwise. */
export function witnessed(proof: Proof | undefined): number {
  return proof?.status === 'validated' || proof?.status === 'pending' ? proof.amount : 0;
}

/** What the consensus should witness: what stands of a purchase whose card and merchant take part. */
export function expectedWitness(row: StoredTransaction): number {
  const { is_enrolled: enrolled, kind, state, standing, cash } = row;
  const isPurchase = state === 'captured' || (state === 'approved' && kind !== 'pre-authorisation');
  return enrolled && isPurchase ? Math.max(0, standing - cash) : 0;
}

/** Whether journal and consensus agree about a purchase; if not, how they differ. */
export function proofDifference({ row, proof }: ProofPair): Difference | undefined {
  if (!row) return proof && unknownHere(proof);
  const expected = expectedWitness(row);
  const finding = expected > 0 ? findStanding(row, expected, proof) : findNothing(row, proof);
  return finding && differenceOf(row, 'proof', finding, { proof: evidenceOf(proof), expected });
}

function findStanding(
  row: StoredTransaction,
  expected: number,
  proof: Proof | undefined,
): Finding | undefined {
  const isSame = proof?.amount === expected && proof.currency === row.currency;
  switch (proof?.status) {
    case undefined:
      if (row.pop_state === 'rejected') return people('pop-rejected', expected, 'accept');
      return repair('proof-missing', 'initiate-proof', expected, row.pop_state !== 'validated');
    case 'pending':
      return isSame
        ? repair('proof-not-final', 'initiate-proof', expected, true)
        : repair('proof-amount-differs', 'initiate-proof', Math.abs(proof.amount - expected), true);
    case 'validated':
      if (isSame) return undefined;
      if (row.pop_state === 'stands') return people('pop-stands', Math.abs(proof.amount - expected));
      return people('proof-amount-differs', Math.abs(proof.amount - expected));
    case 'rejected':
    case 'expired':
      return people('pop-rejected', expected, 'accept');
    case 'cancelled':
      return people('proof-missing', expected);
  }
}

function findNothing({ pop_state: state }: StoredTransaction, proof: Proof | undefined): Finding | undefined {
  const amount = witnessed(proof);
  if (amount === 0) return undefined;
  if (proof?.status === 'validated') return people('pop-stands', amount);
  return repair('proof-of-nothing', 'cancel-proof', amount, state !== 'cancelled');
}

function unknownHere(proof: Proof): Difference | undefined {
  if (witnessed(proof) === 0) return undefined;
  return {
    ...people('proof-unknown-purchase', proof.amount),
    leg: 'proof',
    subject: proof.transaction,
    transaction: undefined,
    network: null,
    businessDate: proof.businessDate,
    currency: proof.currency,
    evidence: { proof: evidenceOf(proof) },
  };
}

function people(kind: Finding['kind'], amount: number, action: Finding['action'] = 'by-hand'): Finding {
  return { kind, action, isAutomatic: false, isUnderWay: false, amount };
}

function repair(
  kind: Finding['kind'],
  action: Finding['action'],
  amount: number,
  isUnderWay: boolean,
): Finding {
  return { kind, action, isAutomatic: true, isUnderWay, amount };
}

function evidenceOf(proof: Proof | undefined): object | null {
  if (!proof) return null;
  const { validation, status, amount, currency, at } = proof;
  return { validation, status, amount, currency, at };
}
