import { describe, expect, it } from 'vitest';
import { developmentSettings } from '../../switch/config/development.ts';
import type { PaymentSearch } from '../../switch/projection/projection-reader.ts';
import { InFlight } from '../../switch/requests/in-flight.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import {
  ACQUIRER_LINE,
  Counter,
  DAY_MS,
  OTHER_CARD,
  originalElements,
  purchase,
  reversal,
} from './core-cases.ts';
import { batchesOf } from './open-batches.ts';

// Hosts confirm what was authorised by an advice that has numbers of its own, and of the payment its approval code
// (DE38) and nothing else. It is that payment: to book it as another charges the customer twice.

const LATER = { mti: '0220', de11: '000002', de7: '1123120100', de12: '130100', de38: 'A1B2C3' };
const confirm = (change: Partial<TerminalMessage> = {}) => purchase({ ...LATER, ...change });
const amounts = (counter: Counter) => counter.payments().map((each) => each.standingMinorUnits);

async function sold(change: Partial<TerminalMessage> = {}) {
  const counter = new Counter();
  await counter.heard(purchase(change));
  return counter;
}

describe('an advice with the approval code of a payment, and numbers of its own', () => {
  it.each([
    ['purchase', {}],
    ['cash', { de3: '010000' }],
    ['refund', { de3: '200000' }],
    ['purchase that it gives a reference of its own', { de37: '632812000777' }],
  ])('is that payment: a %s', async (_, change) => {
    const { de37, ...kind } = change as Partial<TerminalMessage>;
    const counter = await sold(kind);
    expect((await counter.heard(confirm({ ...kind, de37 }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.cases()).toEqual([]);
  });

  it.each([
    ['with another amount', { de4: '000000002600' }],
    ['of what is only held', {}],
  ])('is kept for people %s', async (what, change) => {
    const counter = await sold(what.includes('held') ? { mti: '0100', de25: '06' } : {});
    expect((await counter.heard(confirm(change))).code).toBe('25');
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.cases()).toEqual(['advice-kept']);
  });

  it('is no sale after that payment was reversed', async () => {
    const counter = await sold();
    await counter.heard(reversal({ de11: '000009', de12: '130900' }));
    expect((await counter.heard(confirm())).code).toBe('25');
    expect(amounts(counter)).toEqual([0]);
  });

  it('is kept for people where two payments have the code', async () => {
    const counter = await sold();
    await counter.heard(purchase({ de11: '000005', de7: '1123120030', de12: '130030' }));
    expect((await counter.heard(confirm())).code).toBe('25');
    expect(amounts(counter)).toEqual([2_500, 2_500]);
  });

  it.each([
    ['of another card', { de2: OTHER_CARD }],
    ['of another currency', { de49: '840' }],
    ['with a code that nobody gave', { de38: 'OFF123' }],
  ])('is a sale of its own %s', async (_, change) => {
    const counter = await sold();
    expect((await counter.heard(confirm(change))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 2_500]);
  });

  it('is a sale of its own beside another that was told: the code is the terminal’s', async () => {
    const counter = new Counter();
    await counter.heard(confirm());
    await counter.heard(confirm({ de11: '000003', de7: '1123120200', de12: '130200' }));
    expect(amounts(counter)).toEqual([2_500, 2_500]);
  });

  it('is one of a week ago that only the projection knows of', async () => {
    const counter = new Counter({}, ({ journal }) => {
      const paymentsOf = async ({ since }: PaymentSearch) =>
        journal.entries.flatMap(({ transaction, at }) => (at >= since ? [transaction] : []));
      return { batches: { ...batchesOf({ journal }).batches, paymentsOf } };
    });
    await counter.heard(purchase());
    Object.assign(counter.ports, { inFlight: new InFlight(1_000) });
    await counter.core.clock.advance(6 * DAY_MS);
    expect((await counter.heard(confirm({ de7: '1129120100', de13: '1129' }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500]);
  });

  it('waits where the projection cannot be asked: it may be a second one', async () => {
    const paymentsOf = async (): Promise<string[]> => {
      throw new Error('away');
    };
    const counter = new Counter({}, ({ journal }) => ({
      batches: { ...batchesOf({ journal }).batches, paymentsOf },
    }));
    expect((await counter.heard(confirm())).code).toBe('96');
    expect(counter.payments()).toEqual([]);
  });
});

describe('a refund that is told again with its own approval code', () => {
  it('is one, though its DE37 is that of its sale', async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase());
    counter.core.network.outcome = { status: 'approved', code: '00', approvalCode: 'RRR111' };
    const refund = { de3: '200000', de37: rrn, de4: '000000001000' };
    await counter.heard(purchase({ ...refund, de11: '000010', de7: '1123120050', de12: '130050' }));
    expect((await counter.heard(confirm({ ...refund, de38: 'RRR111' }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 1_000]);
    expect(counter.cases()).toEqual(['proof-of-refund']);
  });
});

describe('a refund that is told with the approval code of its sale', () => {
  it('is taken from what the sale has left', async () => {
    const counter = await sold();
    const refund = { de3: '200000', de4: '000000002000' };
    expect((await counter.heard(confirm(refund))).code).toBe('00');
    expect(counter.payment().refunds).toMatchObject([{ minorUnits: 2_000 }]);
    await counter.heard(confirm({ ...refund, de11: '000003', de7: '1123120200', de12: '130200' }));
    expect(counter.cases()).toContain('refund-unmatched');
  });
});

describe('a refund by approval code and card, of a merchant that refunds for another', () => {
  const merchants = ['MERCHANT-A', 'MERCHANT-B'].map((id) => ({
    id,
    category: '5411',
    pop: 'off' as const,
    refundGroup: 'the house',
  }));

  it('is of what the other sold, and of no more than that', async () => {
    const counter = new Counter({ merchants });
    await counter.heard(purchase({ de41: '00000001', de42: 'MERCHANT-A     ' }), ACQUIRER_LINE);
    const refund = { de3: '200000', de38: 'A1B2C3', de41: '00000001', de42: 'MERCHANT-B     ' };
    const codes: (string | undefined)[] = [];
    for (const minute of ['06', '07']) {
      const numbers = { de11: `0000${minute}`, de7: `112312${minute}00`, de12: `13${minute}00` };
      codes.push((await counter.heard(purchase({ ...refund, ...numbers }), ACQUIRER_LINE)).code);
    }
    expect(codes).toEqual(['00', '13']);
    expect(counter.payment().refunds).toHaveLength(1);
  });
});

const NOWHERE = {
  databaseUrl: 'postgres://unused',
  hsmSocketPath: '/unused',
  visa: { host: '127.0.0.1', port: 0 },
  popUrl: 'http://127.0.0.1:1',
};

describe('a refund that is asked for', () => {
  const refund = { de3: '200000', de11: '000051', de7: '1123120605', de12: '130605', de38: 'A1B2C3' };

  it('that gives the approval code and no DE37 is one of the sale', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    expect(await counter.heard(purchase({ ...refund, de4: '000000001000' }))).toMatchObject({ code: '00' });
    expect(counter.payment().refunds).toMatchObject([{ minorUnits: 1_000 }]);
    const more = { ...refund, de11: '000052', de12: '130606', de4: '000000002000' };
    expect(await counter.heard(purchase(more))).toMatchObject({ code: '13' });
  });

  it.each<[string, Partial<TerminalMessage>]>([
    ['approval code', {}],
    ['DE90', { de38: undefined, de90: originalElements('0200', '000077') }],
  ])('whose %s is of nothing that was sold here is refused: it names a sale', async (_, change) => {
    const counter = new Counter();
    await counter.heard(purchase({ de38: undefined, de2: OTHER_CARD }));
    expect(await counter.heard(purchase({ ...refund, ...change }))).toMatchObject({ code: '25' });
    expect(counter.core.sent.authorised).toHaveLength(1);
  });

  it.each([
    [undefined, '00', 1],
    ['accept', '00', 1],
    ['refuse', '25', 0],
  ] as const)(
    'that names nothing is the merchant’s own affair (%s)',
    async (unlinkedRefunds, code, asked) => {
      const { merchants } = developmentSettings(NOWHERE);
      const may = unlinkedRefunds && { unlinkedRefunds };
      const counter = new Counter({ merchants: merchants.map((each) => ({ ...each, ...may })) });
      expect(await counter.heard(purchase({ ...refund, de38: undefined }))).toMatchObject({ code });
      expect(counter.core.sent.authorised).toHaveLength(asked);
    },
  );
});
