import { describe, expect, it } from 'vitest';
import type { MovementRow } from '../projection/movement-rows.ts';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import { compareSides } from './compare.ts';
import { movedOn } from './day-movements.ts';
import type { NetworkRecord, ProofRecord } from './ledgers/records.ts';
import { networkPositions } from './network-side.ts';
import { proofsOf } from './proof-side.ts';
import { networkLine, proofLine, storedTransaction } from './testing.ts';
import { isBalanced, networkTotals, proofTotals } from './totals.ts';

const SOLD = '2026-11-23';
const MOVED = '2026-11-24';

const at = (date: string) => `${date}T12:00:00.000Z`;

function movement(change: Partial<MovementRow> = {}): MovementRow {
  const { transaction } = storedTransaction();
  const moved = { business_date: MOVED, moved_at: at(MOVED), kind: 'void', amount: -2_500 };
  return { transaction, version: 3, account: 'captured', ...moved, ...change };
}

interface Day {
  readonly row?: Partial<StoredTransaction>;
  readonly movements?: readonly MovementRow[];
  readonly lines?: readonly Partial<NetworkRecord>[];
  readonly proofs?: readonly Partial<ProofRecord>[];
  readonly isClearing?: boolean;
}

/** What a run of that date finds. */
async function found(date: string, { row = {}, movements = [], lines = [], proofs, isClearing }: Day) {
  const stored = storedTransaction({ is_enrolled: proofs !== undefined, ...row });
  const from = movements.filter(({ business_date: day }) => day >= date);
  const { network, proof, differences } = await compareSides({
    date,
    rows: [stored],
    movements: new Map([[stored.transaction, from]]),
    positions: networkPositions(lines.map(networkLine)),
    networks: new Set(['visa']),
    withoutHolds: new Set(isClearing ? ['visa'] : []),
    proofs: proofs && proofsOf(proofs.map(proofLine)),
    others: { byRrn: async () => [], byId: async () => [] },
  });
  expect(isBalanced([...networkTotals(network), ...proofTotals(proof)])).toBe(true);
  return differences.map(({ kind, isAutomatic, action }) => ({ kind, isAutomatic, action }));
}

const sold = { at: at(SOLD) };
const undone = { at: at(MOVED), captured: -2_500 };
const gone = { state: 'taken-back', standing: 0, network_state: 'reversed', network_amount: 0 } as const;
const voided = { row: gone, movements: [movement()] };

describe('the day of a sale that is voided on the next', () => {
  it.each([
    ['its own ledger', [sold]],
    ['a ledger that goes on to the next day', [sold, undone]],
  ])('agrees with %s: nothing is reversed again', async (_, lines) => {
    expect(await found(SOLD, { ...voided, lines })).toEqual([]);
  });

  it('agrees with a clearing file that leaves it out', async () => {
    expect(await found(SOLD, { ...voided, isClearing: true })).toEqual([]);
  });

  it('is put right by people where it agrees with nothing: it has moved since', async () => {
    const lines = [{ ...sold, captured: 3_000 }];
    expect(await found(SOLD, { ...voided, lines })).toEqual([
      { kind: 'amount-differs', isAutomatic: false, action: 'by-hand' },
    ]);
  });
});

describe('the day of the void', () => {
  it.each([
    ['its own ledger', [undone]],
    ['a ledger with the day of the sale', [sold, undone]],
  ])('agrees with %s', async (_, lines) => {
    expect(await found(MOVED, { ...voided, lines })).toEqual([]);
  });

  it('finds what the network never reversed, and reverses it', async () => {
    const row = { ...gone, network_state: 'unknown', network_amount: 2_500 } as const;
    expect(await found(MOVED, { ...voided, row, lines: [sold] })).toEqual([
      { kind: 'stands-at-network', isAutomatic: true, action: 'resend-reversal' },
    ]);
  });

  it('leaves to people what the network acknowledged and may have booked on its next day', async () => {
    expect(await found(MOVED, { ...voided, lines: [] })).toEqual([
      { kind: 'movement-differs', isAutomatic: false, action: 'by-hand' },
    ]);
  });

  it('does so too where sale and reversal are of one day', async () => {
    const movements = [movement({ business_date: SOLD, kind: 'reversal' })];
    expect(await found(SOLD, { row: gone, movements, lines: [sold] })).toEqual([
      { kind: 'stands-at-network', isAutomatic: false, action: 'by-hand' },
    ]);
  });
});

describe('a pre-authorisation that is completed on the next day', () => {
  const row = { kind: 'pre-authorisation', state: 'captured', standing: 2_000, captured: 2_000 } as const;
  const movements = [
    movement({ account: 'held', kind: 'captured', amount: -2_500 }),
    movement({ account: 'captured', kind: 'captured', amount: 2_000 }),
  ];
  const held = { ...sold, held: 2_500, captured: 0 };
  const completed = { at: at(MOVED), held: -2_500, captured: 2_000 };

  it('is held in the ledger of the first day, and no completion is missing', async () => {
    expect(await found(SOLD, { row, movements, lines: [held] })).toEqual([]);
  });

  it('is completed in that of the second', async () => {
    expect(await found(MOVED, { row, movements, lines: [completed] })).toEqual([]);
    expect(await found(MOVED, { row, movements, lines: [held, completed] })).toEqual([]);
  });

  it('is in the clearing file of the second day alone', async () => {
    expect(await found(SOLD, { row, movements, lines: [], isClearing: true })).toEqual([]);
    const lines = [{ ...completed, held: 0 }];
    expect(await found(MOVED, { row, movements, lines, isClearing: true })).toEqual([]);
  });
});

describe('a proof', () => {
  it('that was final before its purchase was voided is no difference of the first day', async () => {
    const lines = [sold];
    expect(await found(SOLD, { ...voided, lines, proofs: [{}] })).toEqual([]);
  });

  it('is looked for in the ledger of the day on which it was made', async () => {
    const row = { standing: 1_000, network_amount: 1_000 };
    const movements = [movement({ kind: 'partly-taken-back', amount: -1_500 })];
    const lines = [{ ...undone, captured: -1_500 }];
    expect(await found(MOVED, { row, movements, lines, proofs: [] })).toEqual([]);
  });
});

describe('what was moved on a day', () => {
  const transaction = storedTransaction(gone);
  const movements = new Map([[transaction.transaction, [movement()]]]);
  const named = { network: 'visa', currency: '978', account: 'captured', count: 1 };

  it('is what was opened on it, whatever came later', () => {
    const day = [{ ...named, kind: 'opened', amount: 2_500 }];
    expect(movedOn(SOLD, [storedTransaction()], new Map())).toEqual(day);
    expect(movedOn(SOLD, [transaction], movements)).toEqual(day);
  });

  it('is the void on the next', () => {
    expect(movedOn(MOVED, [transaction], movements)).toEqual([{ ...named, kind: 'void', amount: -2_500 }]);
  });
});
