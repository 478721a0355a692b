import { describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import {
  ACQUIRER_LINE,
  Counter,
  DAY_MS,
  OTHER_CARD,
  played,
  purchase,
  replacement,
  reversal,
  SECOND_ADDRESS,
  voidOf,
} from './core-cases.ts';

// Who is asking is the admitted party, never the port: a request, its repeat and its reversal are known by acquirer,
// merchant and terminal, and what a void or a refund refers to by acquirer and merchant.

/** What a message may say otherwise than the payment that it names. */
const MISMATCHES: [what: string, taking: 'reversal' | 'void', change: Partial<TerminalMessage>][] = [
  ['another card', 'reversal', { de2: OTHER_CARD }],
  ['another currency', 'reversal', { de49: '840' }],
  ['a smaller amount', 'reversal', { de4: '000000000500' }],
  ['a larger amount', 'reversal', { de4: '000000009900' }],
  ['another approval code', 'reversal', { de38: '000000' }],
  ['another card', 'void', { de2: OTHER_CARD }],
  ['another currency', 'void', { de49: '840' }],
  ['another amount', 'void', { de4: '000000000500' }],
];

const OMISSIONS: [what: string, change: Partial<TerminalMessage>][] = [
  ['an amount of zeros', { de4: '000000000000' }],
  ['no amount', { de4: undefined }],
  ['no card', { de2: undefined }],
  ['no currency', { de49: undefined }],
  ['a blank reference', { de37: '            ' }],
  ['a remainder, DE95 being zeros,', { de95: replacement(0) }],
];

describe('a terminal that calls its second address', () => {
  const repeated = played(async () => {
    const counter = new Counter();
    const first = await counter.heard(purchase());
    const repeat = await counter.heard(purchase({ mti: '0201' }), SECOND_ADDRESS);
    return { first, repeat, asked: counter.core.sent.authorised.length };
  });
  const reversed = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    const { code } = await counter.heard(reversal(), SECOND_ADDRESS);
    return { code, payment: counter.payment(), work: counter.work() };
  });
  const refunded = played(async () => {
    const counter = new Counter();
    const refund = purchase({ de3: '200000', de4: '000000090000' });
    await counter.heard(refund);
    await counter.heard(refund, SECOND_ADDRESS);
    return counter.core.sent.authorised.map(({ kind }) => kind);
  });

  it('hears the same answer to its repeat', () => {
    expect(repeated().repeat).toEqual(repeated().first);
  });

  it('is charged once for a request and its repeat', () => {
    expect(repeated().asked).toBe(1);
  });

  it('reverses there what it bought at the first', () => {
    expect(reversed()).toMatchObject({ code: '00', payment: { state: 'taken-back', standingMinorUnits: 0 } });
  });

  it('is paid one refund for one sealed message, wherever it is played again', () => {
    expect(refunded()).toEqual(['refund']);
  });
});

const OF_A = { de41: '00000001', de42: 'MERCHANT-A     ' };
const OF_B = { de41: '00000001', de42: 'MERCHANT-B     ' };
const RRN_OF_A = '632812000777';

/** Merchant A sells on the acquirer's line; then merchant B, whose terminal has the same number, says something. */
async function afterASaleOfA(message: TerminalMessage) {
  const counter = new Counter();
  const sold = await counter.heard(purchase({ ...OF_A, de37: RRN_OF_A }), ACQUIRER_LINE);
  const { code } = await counter.heard(message, ACQUIRER_LINE);
  return { sold, code, ofA: counter.payment(), payments: counter.payments().length };
}

describe('two merchants on one acquirer’s line whose terminals have the same number', () => {
  const buys = played(() => afterASaleOfA(purchase({ ...OF_B, de37: '632812000778', de4: '000000009900' })));
  const voids = played(() => afterASaleOfA(voidOf({ rrn: RRN_OF_A }, OF_B)));
  const reverses = played(() => afterASaleOfA(reversal(OF_B)));
  const refunds = played(() =>
    afterASaleOfA(
      purchase({ ...OF_B, de3: '200000', de11: '000051', de12: '130600', de7: '1123120605', de37: RRN_OF_A }),
    ),
  );

  it('sell in the same second under the same STAN', () => {
    expect(buys()).toMatchObject({ sold: { code: '00' }, code: '00', payments: 2 });
  });

  it('do not void what the other sold', () => {
    expect(voids()).toMatchObject({ code: '25', ofA: { state: 'approved', standingMinorUnits: 2_500 } });
  });

  it('do not reverse what the other sold', () => {
    expect(reverses()).toMatchObject({ ofA: { state: 'approved', standingMinorUnits: 2_500 } });
  });

  it('do not refund what the other sold', () => {
    expect(refunds()).toMatchObject({ code: '25', ofA: { refunds: [] } });
  });
});

describe('another till of the same merchant', () => {
  const voided = played(async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    const { code } = await counter.heard(voidOf(bought, { de41: 'TERM0002' }));
    return { code, payment: counter.payment() };
  });
  const refunded = played(async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase());
    const numbers = { de41: 'TERM0002', de11: '000051', de7: '1123120605', de12: '130605' };
    const { code } = await counter.heard(purchase({ ...numbers, de3: '200000', de37: rrn }));
    return { code, refunds: counter.payment().refunds.map(({ minorUnits }) => minorUnits) };
  });

  it('refunds what was bought at the first, and the sale knows of it', () => {
    expect(refunded()).toEqual({ code: '00', refunds: [2_500] });
  });

  it('voids what was bought at the first', () => {
    expect(voided()).toMatchObject({ code: '00', payment: { state: 'taken-back' } });
  });
});

describe('a reversal or void that names another payment than it takes back', () => {
  const taken = played(async () => {
    const told: Record<string, unknown> = {};
    for (const [what, taking, change] of MISMATCHES) {
      const counter = new Counter();
      const bought = await counter.heard(purchase());
      const message = taking === 'reversal' ? reversal(change) : voidOf(bought, change);
      const { code } = await counter.heard(message);
      const { state, standingMinorUnits } = counter.payment();
      told[`${taking} ${what}`] = { isRefused: code === '12' || code === '25', state, standingMinorUnits };
    }
    return told;
  });

  it.each(MISMATCHES)('with %s, as a %s, is refused and takes nothing back', (what, taking) => {
    const stands = { isRefused: true, state: 'approved', standingMinorUnits: 2_500 };
    expect(taken()[`${taking} ${what}`]).toEqual(stands);
  });
});

describe('a reversal that leaves something out', () => {
  const taken = played(async () => {
    const told: Record<string, unknown> = {};
    for (const [what, change] of OMISSIONS) {
      const counter = new Counter();
      await counter.heard(purchase());
      await counter.heard(reversal(change));
      told[what] = counter.payment().state;
    }
    return told;
  });

  it.each(OMISSIONS)('such as %s is no mismatch', (what) => {
    expect(taken()[what]).toBe('taken-back');
  });
});

describe('a terminal that counts its STANs anew each year', () => {
  const bought = played(async () => {
    const counter = new Counter();
    const atMidnight = { de12: '000000', de13: '0101', de7: '0101000000' };
    await counter.heard(purchase({ ...OF_A, ...atMidnight }), ACQUIRER_LINE);
    await counter.core.clock.advance(365 * DAY_MS);
    const { code } = await counter.heard(purchase({ ...OF_A, ...atMidnight }), ACQUIRER_LINE);
    return { code, asked: counter.core.sent.authorised.length };
  });

  it('is not given last year’s approval', () => {
    expect(bought()).toEqual({ code: '00', asked: 2 });
  });
});
