import { describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { ACQUIRER_LINE, Counter, OTHER_CARD, originalElements, purchase } from './core-cases.ts';

// An advice that has no approval code, and the numbers of a payment that was answered here: it is that payment. And one
// that says of itself that it was declined (DE39) is none.

const LATER = { mti: '0220', de11: '000002', de7: '1123120100', de12: '130100' };
const told = (change: Partial<TerminalMessage> = {}) => purchase({ ...LATER, ...change });
const amounts = (counter: Counter) => counter.payments().map((each) => each.standingMinorUnits);
const OURS = '632812000001';
const OF_THE_DAY = '000000000077';

async function sold(change: Partial<TerminalMessage> = {}) {
  const counter = new Counter();
  const sale = await counter.heard(purchase(change));
  return { counter, sale };
}

describe('an advice without an approval code', () => {
  const NAMES: [what: string, change: Partial<TerminalMessage>][] = [
    ['its DE90', { de90: originalElements() }],
    ['its STAN and time', { de11: '000001', de7: '1123120000', de12: '130000' }],
    ['its DE37', { de37: OURS }],
  ];

  it.each(NAMES)('that names a sale by %s is that sale', async (_, change) => {
    const { counter } = await sold({ de37: OURS });
    expect((await counter.heard(told(change))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.work()).toEqual([]);
    expect(counter.cases()).toEqual([]);
  });

  it.each(NAMES)('and with another amount, by %s, is kept for people', async (_, change) => {
    const { counter } = await sold({ de37: OURS });
    expect((await counter.heard(told({ ...change, de4: '000000002600' }))).code).toBe('25');
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.cases()).toEqual(['advice-kept']);
  });

  it.each(NAMES)('that names a hold, by %s, is no sale beside it', async (_, change) => {
    const { counter } = await sold({ mti: '0100', de25: '06', de37: OURS });
    expect((await counter.heard(told(change))).code).toBe('25');
    expect(counter.payments()).toMatchObject([{ state: 'approved', standingMinorUnits: 2_500 }]);
  });

  it('is the sale of a 0100, as dual messages have it', async () => {
    const counter = new Counter();
    await counter.heard(purchase({ mti: '0100' }), ACQUIRER_LINE);
    const own = { de11: '000001', de7: '1123120000', de12: '130000' };
    expect((await counter.heard(told(own), ACQUIRER_LINE)).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500]);
  });

  it('is kept where the terminal gives one reference all day: it may be that sale, or another', async () => {
    const { counter } = await sold({ de37: OF_THE_DAY });
    expect((await counter.heard(told({ de37: OF_THE_DAY }))).code).toBe('25');
    expect(counter.cases()).toEqual(['advice-kept']);
    const other = { de11: '000003', de7: '1123120200', de12: '130200', de4: '000000002600' };
    expect((await counter.heard(told({ ...other, de37: OF_THE_DAY }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 2_600]);
  });

  it('is kept where another till has given its DE37: the two may count alike', async () => {
    const { counter } = await sold({ de37: OURS });
    expect((await counter.heard(told({ de37: OURS, de41: 'TERM0002' }))).code).toBe('25');
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.cases()).toEqual(['advice-kept']);
  });

  it.each([
    ['of a sale that was declined', {}],
    ['of another card', { de2: OTHER_CARD }],
  ])('is a sale of its own %s', async (what, change) => {
    const counter = new Counter();
    if (what.includes('declined')) counter.core.network.outcome = { status: 'refused', code: '91' };
    await counter.heard(purchase({ de37: OURS }));
    expect((await counter.heard(told({ de37: OURS, ...change }))).code).toBe('00');
    expect(counter.payments()).toHaveLength(2);
  });

  it.each([{}, { de38: 'OFF123' }, { de3: '200000' }])('and its 0120 are one: %j', async (change) => {
    const counter = new Counter();
    for (const mti of ['0120', '0220', '0221']) {
      expect((await counter.heard(told({ ...change, mti }))).code).toBe('00');
    }
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.cases()).toEqual([]);
  });

  it('of a refund is that refund, and by the DE37 of a sale one of that sale', async () => {
    const { counter, sale } = await sold();
    const refund = { de3: '200000', de37: sale.rrn, de11: '000010', de7: '1123120030', de12: '130030' };
    await counter.heard(purchase({ ...refund, de4: '000000001000' }));
    expect((await counter.heard(told({ ...refund, de4: '000000001000' }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 1_000]);
    expect((await counter.heard(told({ de3: '200000', de37: sale.rrn, de4: '000000001500' }))).code).toBe(
      '00',
    );
    expect(amounts(counter)).toEqual([2_500, 1_000, 1_500]);
    expect(counter.payment().refunds).toHaveLength(2);
  });
});

describe('an advice of what was declined at the terminal', () => {
  const KINDS: Partial<TerminalMessage>[] = [
    { de3: '000000' },
    { de3: '010000' },
    { de3: '200000' },
    { de3: '000000', de25: '06', de37: OURS },
    { de3: '020000', de37: OURS },
  ];

  it.each(['05', '51', '91', 'Z1', 'Z3'])('is kept for people, and moves nothing (DE39 %s)', async (de39) => {
    for (const kind of KINDS) {
      const { counter } = await sold({ mti: '0100', de25: '06', de37: OURS });
      expect((await counter.heard(told({ ...kind, de39 }))).code).toBe('00');
      expect(counter.payments()).toMatchObject([{ state: 'approved', standingMinorUnits: 2_500 }]);
      expect(counter.cases()).toEqual(['advice-kept']);
      expect(counter.work()).toEqual(['watch-hold']);
    }
  });

  it.each(['00', '08', '10', '11', 'Y1', 'Y3', '  '])(
    'is none where it was approved (DE39 %s)',
    async (de39) => {
      const counter = new Counter();
      expect((await counter.heard(told({ de39 }))).code).toBe('00');
      expect(amounts(counter)).toEqual([2_500]);
    },
  );
});
