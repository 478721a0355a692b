import type { StoredTransaction } from '../projection/transaction-row.ts';
import type { NetworkRecord, ProofRecord } from './ledgers/records.ts';
import { type NetworkPosition, networkPositions } from './network-side.ts';
import { type Proof, proofsOf } from './proof-side.ts';

/** A purchase of 25.00 € that stands, unless told otherwise. */
export function storedTransaction(overrides: Partial<StoredTransaction> = {}): StoredTransaction {
  return {
    transaction: '01a20a1f-71d6-78aa-b4a9-7409b777a896',
    version: 2,
    kind: 'purchase',
    state: 'approved',
    listener: 'terminals-ascii',
    terminal: 'TERM0001',
    merchant: 'MERCHANT0000001',
    acquirer: '123456',
    stan: '000001',
    rrn: '632812000001',
    network_rrn: '',
    transmitted_at: '1123120000',
    masked_pan: '424242******4242',
    card_reference: '0011223344556677',
    network: 'visa',
    network_state: 'approved',
    pop_state: 'validated',
    is_enrolled: true,
    currency: '978',
    asked: 2_500,
    cash: 0,
    approved: 2_500,
    captured: 2_500,
    refunded: 0,
    standing: 2_500,
    network_amount: 2_500,
    pop_amount: 2_500,
    response_code: '00',
    approval_code: '123456',
    business_date: '2026-11-23',
    opened_at: '2026-11-23T12:00:00Z',
    decided_at: '2026-11-23T12:00:00Z',
    cases: [],
    batch_side: 'sale',
    batch: null,
    settled: null,
    settled_in: null,
    ...overrides,
  };
}

/** A line of the network's ledger about `storedTransaction()`, which it captured, unless told otherwise. */
export function networkLine(overrides: Partial<NetworkRecord> = {}): NetworkRecord {
  return {
    network: 'visa',
    terminal: 'TERM0001',
    rrn: '632812000001',
    stan: '000001',
    transmitted: '1123120000',
    at: '2026-11-23T12:00:00.000Z',
    currency: '978',
    held: 0,
    captured: 2_500,
    refunded: 0,
    ...overrides,
  };
}

export function networkPosition(...lines: readonly Partial<NetworkRecord>[]): NetworkPosition {
  const [position] = networkPositions(lines.map(networkLine));
  if (!position) throw new Error('no lines, no position');
  return position;
}

/** The final proof of `storedTransaction()`, unless told otherwise. */
export function proofLine(overrides: Partial<ProofRecord> = {}): ProofRecord {
  return {
    transaction: '01a20a1f-71d6-78aa-b4a9-7409b777a896',
    validation: 'v-1',
    status: 'validated',
    amount: 2_500,
    currency: '978',
    at: '2026-11-23T12:00:06.000Z',
    ...overrides,
  };
}

export function proof(overrides: Partial<ProofRecord> = {}): Proof {
  const [found] = proofsOf([proofLine(overrides)]);
  if (!found) throw new Error('no lines, no proof');
  return found;
}
