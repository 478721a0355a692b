import { describe, expect, it } from 'vitest';
import type { PaymentSearch } from '../../switch/projection/projection-reader.ts';
import { InFlight } from '../../switch/requests/in-flight.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import {
  ACQUIRER_LINE,
  Counter,
  DAY_MS,
  OTHER_CARD,
  originalElements,
  played,
  purchase,
  reversal,
  voidOf,
} from './core-cases.ts';
import { batchesOf } from './open-batches.ts';

// Terminals name what they reverse in many ways, and all of the numbers are in the original. A reversal that finds
// nothing is answered 00, which the trade expects, but never without a trace where it may mean a payment that stands.

/** How a reversal may name a purchase of 12:00:00 UTC, 13:00:00 at the terminal, STAN 000001. */
const NAMES: [how: string, change: (rrn: string) => Partial<TerminalMessage>][] = [
  ['DE90 of the repeat, 0201', () => ({ de90: originalElements('0201') })],
  ['DE90 with a time of zeros', () => ({ de90: originalElements('0200', '000001', '0000000000') })],
  ['DE90 with the local date and time', () => ({ de90: originalElements('0200', '000001', '1123130000') })],
  [
    'DE90 of zeros, and DE37',
    (rrn) => ({ de90: originalElements('0200', '000000', '0000000000'), de37: rrn }),
  ],
  [
    'DE90 of zeros, and the numbers of the purchase',
    () => ({
      de90: originalElements('0200', '000000', '0000000000'),
      de11: '000001',
      de7: '1123120000',
    }),
  ],
  ['DE90 as it was sent', () => ({})],
  [
    'DE90 with a time of zeros, and DE37',
    (rrn) => ({ de90: originalElements('0200', '000001', '0000000000'), de37: rrn }),
  ],
  [
    'no DE90, but the numbers of the purchase',
    () => ({ de90: undefined, de11: '000001', de7: '1123120000' }),
  ],
  ['no DE90, but DE37', (rrn) => ({ de90: undefined, de37: rrn })],
];

const UNDERSTOOD_ALREADY = 5;

describe('a reversal', () => {
  const reversed = played(async () => {
    const told: Record<string, unknown> = {};
    for (const [how, change] of NAMES) {
      const counter = new Counter();
      const { rrn = '' } = await counter.heard(purchase());
      const { code } = await counter.heard(reversal(change(rrn)));
      const { state, standingMinorUnits } = counter.payment();
      told[how] = { code, state, standingMinorUnits, isSent: counter.work().includes('reverse-network') };
    }
    return told;
  });
  const all = { code: '00', state: 'taken-back', standingMinorUnits: 0, isSent: true };

  it.each(NAMES.slice(UNDERSTOOD_ALREADY))('with %s takes the purchase back', (how) => {
    expect(reversed()[how]).toEqual(all);
  });

  it.each(NAMES.slice(0, UNDERSTOOD_ALREADY))('with %s takes it back too', (how) => {
    expect(reversed()[how]).toEqual(all);
  });
});

describe('a terminal that gives its repeat a time of its own', () => {
  const play = async (mti: string) => {
    const counter = new Counter();
    const first = await counter.heard(purchase());
    const repeat = await counter.heard(purchase({ mti: '0201', de7: '1123120004' }));
    await counter.heard(reversal({ de90: originalElements(mti, '000001', '1123120004') }));
    return { first, repeat, payment: counter.payment() };
  };
  const byRequest = played(() => play('0200'));
  const byRepeat = played(() => play('0201'));

  it('hears the first answer to it', () => {
    expect(byRequest().repeat).toEqual(byRequest().first);
  });

  it('reverses the purchase by the time of the repeat', () => {
    expect(byRequest().payment).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
  });

  it('reverses the purchase by message type and time of the repeat', () => {
    expect(byRepeat().payment).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
  });
});

describe('a reversal that matches nothing', () => {
  const beside = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    const { code } = await counter.heard(
      reversal({ de90: originalElements('0200', '000099', '1123115959') }),
    );
    return { code, payment: counter.payment(), cases: counter.cases() };
  });
  const alone = played(async () => {
    const counter = new Counter();
    const { code } = await counter.heard(reversal());
    return { code, cases: counter.cases() };
  });

  it('is accepted, and touches no other payment', () => {
    expect(beside()).toMatchObject({ code: '00', payment: { state: 'approved' } });
  });

  it('opens a case where the same terminal has a payment that it may well mean', () => {
    expect(beside().cases).toHaveLength(1);
  });

  it('opens one where only the projection knows of that payment: this node has begun since', async () => {
    const counter = new Counter({}, ({ journal }) => {
      const paymentsOf = async ({ terminal }: PaymentSearch) =>
        journal.entries.flatMap(({ transaction, body }) =>
          JSON.stringify(body).includes(`"terminal":"${terminal}"`) ? [transaction] : [],
        );
      return { batches: { ...batchesOf({ journal }).batches, paymentsOf } };
    });
    await counter.heard(purchase());
    Object.assign(counter.ports, { inFlight: new InFlight(1_000) });
    await counter.heard(reversal({ de90: originalElements('0200', '000099', '1123115959') }));
    expect(counter.cases()).toEqual(['reversal-unmatched']);
  });

  it('opens none where its terminal has had a card verified, and no more', async () => {
    const counter = new Counter();
    const verified = await counter.heard(purchase({ mti: '0100', de25: '51', de4: '000000000000' }));
    expect(verified).toMatchObject({ code: '00' });
    const nowhere = { de90: originalElements('0100', '000099', '1123115959'), de4: undefined };
    expect(await counter.heard(reversal(nowhere))).toMatchObject({ code: '00' });
    expect(counter.cases()).toEqual([]);
  });

  it('opens none where there is no such payment', () => {
    expect(alone()).toEqual({ code: '00', cases: [] });
  });
});

describe('a reversal that overtakes its purchase', () => {
  const play = async (change: Partial<TerminalMessage>) => {
    const counter = new Counter();
    const before = await counter.heard(reversal(change));
    const late = await counter.heard(purchase());
    return { before: before.code, late: late.code, asked: counter.core.sent.authorised.length };
  };
  const named = played(() => play({}));
  const bare = played(() => play({ de90: undefined, de11: '000001', de7: '1123120000' }));
  const refused = { before: '00', late: '12', asked: 0 };

  it('has it refused when it comes', () => {
    expect(named()).toEqual(refused);
  });

  it('has a 0200 refused too, where it has no DE90 and repeats the numbers', () => {
    expect(bare()).toEqual(refused);
  });
});

const NEXT_DAY = { de7: '1124120000', de13: '1124', de2: OTHER_CARD };
const OWN_REFERENCE = '000000000001';

describe('a terminal that gives the same DE37 every day', () => {
  const play = async (message: TerminalMessage) => {
    const counter = new Counter();
    await counter.heard(purchase({ de37: OWN_REFERENCE }));
    await counter.core.clock.advance(DAY_MS);
    counter.core.network.outcome = { status: 'approved', code: '00', approvalCode: 'B2B2B2' };
    await counter.heard(purchase({ de37: OWN_REFERENCE, ...NEXT_DAY, de4: '000000009900' }));
    const { code } = await counter.heard(message);
    return { code, states: counter.payments().map(({ state }) => state) };
  };
  const today = { ...NEXT_DAY, de37: OWN_REFERENCE, de4: '000000009900' };
  const voiding = { ...today, de3: '020000', de11: '000003', de7: '1124121000', de12: '131000' };
  const withCode = played(() => play(purchase({ ...voiding, de38: 'B2B2B2' })));
  const byCard = played(() => play(purchase({ ...voiding, de4: undefined })));
  const byRepeat = played(() =>
    play(reversal({ ...today, de7: '1124120500', de90: originalElements('0200', '000001', '1124120004') })),
  );
  const todays = { code: '00', states: ['approved', 'taken-back'] };

  it('voids today’s payment by its approval code', () => {
    expect(withCode()).toEqual(todays);
  });

  it('voids today’s payment by its card', () => {
    expect(byCard()).toEqual(todays);
  });

  it('reverses today’s payment, not yesterday’s', () => {
    expect(byRepeat()).toEqual(todays);
  });
});

describe('a terminal that begins its STANs anew within the hour', () => {
  const LATER = { de7: '1123122000', de12: '132000' };
  const voided = played(async () => {
    const counter = new Counter();
    const first = await counter.heard(purchase());
    const second = await counter.heard(purchase({ ...LATER, de2: OTHER_CARD }));
    const voiding = { de3: '020000', de11: '000003', de7: '1123122500', de12: '132500', de2: OTHER_CARD };
    const { code } = await counter.heard(purchase({ ...voiding, de37: second.rrn }));
    const states = counter.payments().map(({ state }) => state);
    return { first, second, code, states };
  });
  const completed = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase({ mti: '0100', de4: '000000000500' }));
    const hold = await counter.heard(purchase({ ...LATER, mti: '0100', de25: '06', de4: '000000020000' }));
    const completing = { mti: '0220', de11: '000009', de7: '1123123000', de12: '133000', de25: '06' };
    const named = { de4: '000000018000', de37: hold.rrn, de38: hold.approvalCode };
    const { code } = await counter.heard(purchase({ ...completing, ...named }));
    return { hold: hold.code, code, state: counter.payment(1).state };
  });

  it('is given no retrieval reference twice', () => {
    expect(voided().second).not.toMatchObject({ rrn: voided().first.rrn });
  });

  it('voids the payment that it means', () => {
    expect(voided()).toMatchObject({ code: '00', states: ['approved', 'taken-back'] });
  });

  it('completes the pre-authorisation that it means', () => {
    expect(completed()).toEqual({ hold: '00', code: '00', state: 'captured' });
  });
});

describe('what was sold before keys named the merchant', () => {
  const OF_A = { de41: '00000001', de42: 'MERCHANT-A     ' };
  /** A sale that is found by its line and terminal alone, voided by a merchant. */
  const voidedBy = async (de42: string, change: Partial<TerminalMessage> = {}) => {
    const counter = new Counter();
    await counter.heard(purchase(OF_A), ACQUIRER_LINE);
    const key = 'acquirer-hex|reference|00000001|632700000777';
    const { id: transaction, version } = counter.payment();
    await counter.core.journal.append({
      transaction,
      version: version + 1,
      kind: 'named-again',
      body: { original: key, key: '' },
      claims: [{ key, fingerprint: 'of before', role: 'unique' }],
    });
    const { code } = await counter.heard(
      voidOf({ rrn: '632700000777' }, { ...OF_A, de42, ...change }),
      ACQUIRER_LINE,
    );
    return { code, state: counter.payment().state };
  };

  it('is found by who sold it', async () => {
    expect(await voidedBy('MERCHANT-A     ')).toEqual({ code: '00', state: 'taken-back' });
  });

  it('is not refunded to another card, and its merchant hears why', async () => {
    const refund = { de3: '200000', de2: OTHER_CARD };
    expect(await voidedBy('MERCHANT-A     ', refund)).toEqual({ code: '30', state: 'approved' });
    expect(await voidedBy('MERCHANT-B     ', refund)).toEqual({ code: '25', state: 'approved' });
  });

  it('is nothing to another merchant, who calls from a terminal of the same number', async () => {
    expect(await voidedBy('MERCHANT-B     ')).toEqual({ code: '25', state: 'approved' });
  });
});

describe('a void that names nothing', () => {
  it('is refused for its form', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    expect(await counter.heard(voidOf({ rrn: undefined }))).toMatchObject({ code: '30' });
    expect(counter.payment()).toMatchObject({ state: 'approved' });
  });
});

describe('a hold and a sale that a terminal gave one DE37', () => {
  const SAME = { de37: '000000000077' };
  const both = async () => {
    const counter = new Counter();
    await counter.heard(purchase({ ...SAME, mti: '0100', de25: '06' }));
    await counter.heard(purchase({ ...SAME, de11: '000002', de7: '1123120100', de12: '130100' }));
    return counter;
  };
  const later = { ...SAME, de11: '000003', de7: '1123120600', de12: '130600', de4: '000000002000' };

  it('are told apart: a completion means the hold', async () => {
    const counter = await both();
    expect(await counter.heard(purchase({ ...later, mti: '0220', de25: '06' }))).toMatchObject({
      code: '00',
    });
    expect(counter.payments().map(({ state }) => state)).toEqual(['captured', 'approved']);
  });

  it('are told apart: a refund means the sale', async () => {
    const counter = await both();
    expect(await counter.heard(purchase({ ...later, de3: '200000' }))).toMatchObject({ code: '00' });
    expect(counter.payments().map(({ refunds }) => refunds.length)).toEqual([0, 1, 0]);
  });
});

describe('a reference that a terminal gave more often than there are places', () => {
  const SAME = { de37: '000000000077' };
  const numbered = (count: number) => {
    const two = String(count).padStart(2, '0');
    return { ...SAME, de11: `0000${two}`, de7: `11231201${two}`, de12: `1301${two}` };
  };

  it('leads to the sale that stands, though all that have a place were declined', async () => {
    const counter = new Counter();
    const approval = counter.core.network.outcome;
    counter.core.network.outcome = { status: 'refused', code: '51' };
    for (let count = 1; count <= 8; count += 1) await counter.heard(purchase(numbered(count)));
    counter.core.network.outcome = approval;
    const { approvalCode } = await counter.heard(purchase(numbered(9)));

    const code = approvalCode === undefined ? {} : { de38: approvalCode };
    const voided = voidOf({ rrn: SAME.de37 }, { ...code, de11: '000012' });
    expect(await counter.heard(voided)).toMatchObject({ code: '00' });
    expect(counter.payment(8)).toMatchObject({ state: 'taken-back' });
  });
});
