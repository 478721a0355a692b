import { describe, expect, it } from 'vitest';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import type { ProofRecord } from './ledgers/records.ts';
import { pairProofs, proofDifference, proofsOf } from './proof-side.ts';
import { proof, proofLine, storedTransaction } from './testing.ts';
import { isBalanced, proofTotals } from './totals.ts';

function found(row: Partial<StoredTransaction>, line?: Partial<ProofRecord>) {
  return proofDifference({ row: storedTransaction(row), proof: line && proof(line) });
}

const voided: Partial<StoredTransaction> = { state: 'taken-back', standing: 0 };

describe('journal and consensus agree', () => {
  it.each<[string, Partial<StoredTransaction>, Partial<ProofRecord> | undefined]>([
    ['a purchase is witnessed', {}, {}],
    ['the cash of a cashback is not', { kind: 'cashback', cash: 500 }, { amount: 2_000 }],
    ['card or merchant takes no part', { is_enrolled: false }, undefined],
    ['a pre-authorisation is not completed', { kind: 'pre-authorisation' }, undefined],
    ['a void was cancelled', voided, { status: 'cancelled' }],
    ['a declined purchase never had one', { state: 'declined', standing: 0 }, undefined],
  ])('where %s', (_, row, line) => expect(found(row, line)).toBeUndefined());
});

it.each<[string, Partial<StoredTransaction>, Partial<ProofRecord> | undefined, string, boolean]>([
  ['proof-missing', {}, undefined, 'initiate-proof', true],
  ['proof-missing', {}, { status: 'cancelled' }, 'by-hand', false],
  ['proof-not-final', {}, { status: 'pending' }, 'initiate-proof', true],
  ['proof-amount-differs', {}, { status: 'pending', amount: 1 }, 'initiate-proof', true],
  ['proof-amount-differs', {}, { amount: 2_499 }, 'by-hand', false],
  ['proof-amount-differs', {}, { currency: '392' }, 'by-hand', false],
  ['pop-stands', { pop_state: 'stands' }, { amount: 2_499 }, 'by-hand', false],
  ['pop-rejected', {}, { status: 'rejected' }, 'accept', false],
  ['pop-rejected', {}, { status: 'expired' }, 'accept', false],
  ['pop-rejected', { pop_state: 'rejected' }, undefined, 'accept', false],
  ['pop-stands', voided, {}, 'by-hand', false],
  ['proof-of-nothing', voided, { status: 'pending' }, 'cancel-proof', true],
])('finds %s', (kind, row, line, action, isAutomatic) => {
  expect(found(row, line)).toMatchObject({ kind, action, isAutomatic });
});

it('finds proofs of purchases that nobody here knows, and lets ended ones be', () => {
  const unknown = proofsOf([
    proofLine({ transaction: 'x' }),
    proofLine({ transaction: 'y', validation: 'v-2', status: 'rejected' }),
  ]);
  const pairs = pairProofs([storedTransaction()], [...unknown, proof()]);
  const compared = pairs.map((pair) => ({ pair, difference: proofDifference(pair) }));
  expect(compared.flatMap(({ difference }) => difference?.subject ?? [])).toEqual(['x']);
  expect(isBalanced(proofTotals(compared))).toBe(true);
});

it('takes of several validations the one that became final, and of one its last line', () => {
  const lines = [
    proofLine({ status: 'pending' }),
    proofLine({ status: 'validated' }),
    proofLine({ validation: 'v-2', status: 'cancelled' }),
  ];
  expect(proofsOf(lines)).toMatchObject([{ validation: 'v-1', status: 'validated' }]);
});
