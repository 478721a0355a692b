import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import type { NetworkRecord } from './ledgers/records.ts';
import { networkDifference, networkPositions, pairNetwork } from './network-side.ts';
import { networkLine, networkPosition, storedTransaction } from './testing.ts';
import { isBalanced, networkTotals } from './totals.ts';

type Row = Partial<StoredTransaction>;
type Line = Partial<NetworkRecord>;

/** What is found where the journal says one thing, and the network these lines. */
function found(row: Row, lines: readonly Line[], withoutHolds: ReadonlySet<string> = new Set()) {
  const positions = networkPositions(lines.map(networkLine));
  const pairs = pairNetwork([storedTransaction(row)], positions, withoutHolds);
  return pairs.flatMap((pair) => networkDifference(pair) ?? []);
}

const voided: Row = {
  state: 'taken-back',
  standing: 0,
  captured: 0,
  network_state: 'reversed',
  network_amount: 0,
};
const held: Row = { kind: 'pre-authorisation', captured: 0, batch_side: null };
const completed: Row = { kind: 'pre-authorisation', state: 'captured', captured: 2_000, standing: 2_000 };

describe('journal and network agree', () => {
  it.each<[string, Row, Line[]]>([
    ['a purchase is captured', {}, [{}]],
    ['its lines add up', {}, [{ captured: 3_000 }, { captured: -500 }]],
    ['a void left nothing', voided, [{}, { captured: -2_500 }]],
    ['a declined one was never there', { ...voided, state: 'declined' }, []],
    ['a pre-authorisation is held', held, [{ held: 2_500, captured: 0 }]],
    [
      'a completed one is captured',
      completed,
      [
        { held: 2_500, captured: 0 },
        { held: -2_500, captured: 2_000 },
      ],
    ],
    ['a refund is given', { kind: 'refund', batch_side: 'refund' }, [{ captured: 0, refunded: 2_500 }]],
    [
      'nothing stands in another currency',
      voided,
      [{ currency: '392' }, { currency: '392', captured: -2_500 }],
    ],
  ])('where %s', (_, row, lines) => expect(found(row, lines)).toEqual([]));
});

describe('lines of later messages, which have a STAN of their own', () => {
  const own: Row = { network_rrn: '633400028001' };
  const first: Line = { rrn: '633400028001', stan: '028001' };
  const later: Line = { rrn: '633400028001', stan: '030001', transmitted: '1123120900' };
  const parts: Row = { ...completed, ...own, captured: 6_000, standing: 6_000, asked: 8_000 };

  it.each<[string, Row, Line[]]>([
    [
      'belong to the payment: another reversal of it',
      { ...voided, ...own },
      [first, { ...first, captured: -1_000 }, { ...later, captured: -1_500 }],
    ],
    [
      'belong to the hold: the second of two completions',
      parts,
      [
        { ...first, held: 8_000, captured: 0 },
        { ...later, held: -3_000, captured: 3_000 },
        { ...later, stan: '030002', held: -5_000, captured: 3_000 },
      ],
    ],
    [
      'belong to it though its first line comes last',
      { ...voided, ...own },
      [{ ...later, captured: -2_500 }, first],
    ],
  ])('%s', (_, row, lines) => expect(found(row, lines)).toEqual([]));

  it('are strangers to a payment whose RRN the terminal chose', () => {
    const rrn = '632812000001';
    expect(found({ rrn }, [{}, { stan: '000009' }]).map(({ kind }) => kind)).toEqual(['missing-in-journal']);
  });
});

describe('a difference', () => {
  it.each<[string, Row, Line[], string, string, boolean]>([
    ['missing-at-network', {}, [], 'missing-at-network', 'by-hand', false],
    ['missing-at-network', { network_state: 'advised' }, [], 'missing-at-network', 'resend-advice', true],
    ['amount-differs', {}, [{ captured: 2_499 }], 'amount-differs', 'by-hand', false],
    ['amount-differs', { asked: 3_000 }, [{ captured: 3_000 }], 'amount-differs', 'resend-reversal', true],
    ['currency-differs', {}, [{ currency: '392' }], 'currency-differs', 'by-hand', false],
    ['stands-at-network', voided, [{}], 'stands-at-network', 'resend-reversal', true],
    [
      'reversal-refused',
      { ...voided, network_state: 'reversal-refused' },
      [{}],
      'reversal-refused',
      'by-hand',
      false,
    ],
    [
      'reversal-refused',
      { standing: 2_000, network_state: 'reversal-refused' },
      [{}],
      'reversal-refused',
      'by-hand',
      false,
    ],
    ['advice-refused', { network_state: 'advice-refused' }, [], 'advice-refused', 'by-hand', false],
    ['reversed-at-network', {}, [{}, { captured: -2_500 }], 'reversed-at-network', 'by-hand', false],
    [
      'completion-missing',
      { ...completed, network_state: 'advised' },
      [{ held: 2_500, captured: 0 }],
      'completion-missing',
      'resend-advice',
      true,
    ],
  ])('%s suggests what is safe, and only that', (_, row, lines, kind, action, isAutomatic) => {
    expect(found(row, lines)).toMatchObject([{ kind, action, isAutomatic }]);
  });

  it('of a record that nobody here knows is about its own numbers', () => {
    const [difference] = found({}, [{}, { stan: '999999', captured: 700 }]);
    expect(difference).toMatchObject({ kind: 'missing-in-journal', amount: 700, transaction: undefined });
    expect(difference?.subject).toBe('visa|TERM0001|632812000001|999999|1123120000');
  });

  it.each<[string, Row, Line[]]>([
    ['is being reversed', { ...voided, network_state: 'unknown', network_amount: 2_500 }, [{}]],
    ['is being advised', { network_state: 'to-advise' }, []],
    ['is being completed', { ...completed, network_state: 'to-advise' }, [{ held: 2_500, captured: 0 }]],
  ])('is under way while it %s', (_, row, lines) => {
    expect(found(row, lines)).toMatchObject([{ isUnderWay: true }]);
  });
});

describe('a clearing file', () => {
  const clearing = new Set(['visa']);

  it('says nothing of what is held, so nothing is missing', () => {
    expect(found(held, [], clearing)).toEqual([]);
    expect(found(held, [])).toMatchObject([{ kind: 'missing-at-network' }]);
  });

  it('shows a capture that nobody here completed', () => {
    expect(found(held, [{ captured: 2_500 }], clearing)).toMatchObject([
      { kind: 'amount-differs', amount: 2_500, action: 'by-hand' },
    ]);
  });
});

describe('pairs', () => {
  it('are told apart by the moment of transmission where numbers repeat', () => {
    const first = storedTransaction({ transaction: 'first', transmitted_at: '1123120000' });
    const second = storedTransaction({ transaction: 'second', transmitted_at: '1123130000', standing: 100 });
    const positions = [networkPosition({ transmitted: '1123130000', captured: 100 }), networkPosition({})];
    const pairs = pairNetwork([first, second], positions);
    expect(pairs.map(({ row, position }) => [row?.transaction, position?.captured])).toEqual([
      ['first', 2_500],
      ['second', 100],
    ]);
  });

  it('are made in the order they came where a file has no moment of transmission', () => {
    const rows = ['a', 'b'].map((transaction) => storedTransaction({ transaction }));
    const positions = [
      networkPosition({ transmitted: '', captured: 1 }),
      networkPosition({ transmitted: '', captured: 2 }),
    ];
    expect(pairNetwork(rows, positions).map(({ position }) => position?.captured)).toEqual([1, 2]);
  });
});

it('adds up: whatever the two sides hold, the differences that were found explain the difference of the sums', () => {
  const stan = fc.integer({ min: 1, max: 6 }).map((number) => String(number).padStart(6, '0'));
  const amount = fc.integer({ min: 0, max: 3_000 });
  const currency = fc.constantFrom('978', '392', '414');
  const row = fc.record({
    stan,
    currency,
    standing: amount,
    kind: fc.constantFrom('purchase', 'refund', 'pre-authorisation'),
    state: fc.constantFrom<StoredTransaction['state']>('approved', 'captured', 'taken-back', 'declined'),
    network: fc.constantFrom('visa', 'iso87'),
  });
  const line = fc.record({
    stan,
    currency,
    held: amount,
    captured: amount,
    refunded: amount,
    network: fc.constantFrom('visa', 'iso87'),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), fc.array(line, { maxLength: 8 }), (rows, lines) => {
      const positions = networkPositions(lines.map(networkLine));
      const pairs = pairNetwork(rows.map(storedTransaction), positions, new Set(['iso87']));
      const totals = networkTotals(pairs.map((pair) => ({ pair, difference: networkDifference(pair) })));
      expect(isBalanced(totals)).toBe(true);
    }),
  );
});
