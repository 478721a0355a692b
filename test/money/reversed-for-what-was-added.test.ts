import { describe, expect, it } from 'vitest';
import type { SchemeRules } from '../../connectors/index.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import {
  ACQUIRER_LINE,
  Counter,
  type Heard,
  originalElements,
  purchase,
  reversal,
  SILENT_MS,
  voidOf,
} from './core-cases.ts';

// What adds to a payment, changes, completes, voids or refunds it goes by the payment's reference (DE37). Its reversal
// says so too, and often has no DE90, but the STAN and time of what it takes back: it must not take the payment.

const RRN = '632812000001';
const RULES: SchemeRules = { maxIncrements: 9, overCompletionPercent: {}, maxCompletions: 9 };
const amount = (minorUnits: number) => String(minorUnits).padStart(12, '0');

function around() {
  const counter = new Counter();
  Object.assign(counter.core.ports.networks.get('visa') ?? {}, { rules: RULES });
  return counter;
}

const HOLD = { mti: '0100', de25: '06', de37: RRN, de4: amount(10_000) };
const NUMBERS = { de11: '000030', de7: '1123150000', de12: '160000' };
const about = (of: Heard, change: Partial<TerminalMessage>) =>
  purchase({ de37: of.rrn, ...NUMBERS, ...change });

/** By the numbers of what it takes back, and by nothing else. */
const repeating = (of: Heard, change: Partial<TerminalMessage> = {}) =>
  reversal({ de90: undefined, de37: of.rrn, de4: undefined, ...NUMBERS, ...change });

const amounts = (counter: Counter) => counter.payments().map((each) => each.standingMinorUnits);

describe('a reversal without DE90 that repeats STAN and time', () => {
  it('of an increment takes back the increment, whatever amount it has', async () => {
    for (const de4 of [undefined, amount(10_000)]) {
      const counter = around();
      const hold = await counter.heard(purchase(HOLD));
      await counter.heard(about(hold, { ...HOLD, de38: 'A1B2C3' }));
      expect((await counter.heard(repeating(hold, { de25: '06', de4 }))).code).toBe('00');
      expect(amounts(counter)).toEqual([10_000]);
    }
  });

  it.each(['000000', '020000'])('of a tip takes back the tip (DE3 %s)', async (de3) => {
    const counter = around();
    const sale = await counter.heard(purchase());
    await counter.heard(about(sale, { mti: '0220', de3: '020000', de4: amount(2_700) }));
    expect((await counter.heard(repeating(sale, { de3, de4: amount(2_700) }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500]);
  });

  it('of one completion of several takes back none of them', async () => {
    const counter = around();
    const hold = await counter.heard(purchase(HOLD));
    const part = (de60: string, minorUnits: number, change = {}) =>
      about(hold, { mti: '0220', de25: '06', de4: amount(minorUnits), de60, ...change });
    await counter.heard(part('0102', 3_000, { de11: '000029' }));
    await counter.heard(part('0202', 4_000));
    expect((await counter.heard(repeating(hold, { de25: '06' }))).code).toBe('12');
    expect(amounts(counter)).toEqual([7_000]);
  });

  it('of a void has the sale stand again', async () => {
    const counter = around();
    const sale = await counter.heard(purchase());
    await counter.heard(voidOf(sale, NUMBERS));
    expect((await counter.heard(repeating(sale))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500]);
  });

  it('of a sale takes back the sale, though another has its reference', async () => {
    const counter = around();
    const sale = await counter.heard(purchase({ de37: RRN }));
    await counter.heard(purchase({ de37: RRN, ...NUMBERS }));
    expect((await counter.heard(repeating(sale))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 0]);
  });
});

describe('a reversal of a refund that has the reference of its sale', () => {
  const refunded = async (answerMs = 20) => {
    const counter = around();
    const sale = await counter.heard(purchase());
    counter.core.network.afterMs = answerMs;
    await counter.heard(about(sale, { de3: '200000', de4: amount(1_000) }));
    return { counter, sale };
  };
  const later = { de11: '000040', de7: '1123151000', de12: '161000', de3: '200000' };

  it.each(['000000', '200000'])('takes back the refund by its numbers (DE3 %s)', async (de3) => {
    const { counter, sale } = await refunded();
    expect((await counter.heard(repeating(sale, { de3, de4: amount(1_000) }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 0]);
  });

  it.each(['0400', '0420'])('takes it back by its reference alone, where DE3 says so (%s)', async (mti) => {
    const { counter, sale } = await refunded();
    expect((await counter.heard(repeating(sale, { ...later, mti }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 0]);
    expect(counter.cases()).toEqual(['proof-of-refund']);
  });

  it('never takes the sale for a refund that was declined', async () => {
    const { counter, sale } = await refunded(SILENT_MS);
    expect((await counter.heard(repeating(sale, later))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 0]);
    expect(counter.payment()).toMatchObject({ state: 'approved' });
  });

  it('is put before people where there are two that it may mean', async () => {
    const { counter, sale } = await refunded();
    const again = { de11: '000031', de7: '1123150100', de12: '160100' };
    await counter.heard(about(sale, { de3: '200000', de4: amount(1_000), ...again }));
    expect((await counter.heard(repeating(sale, { ...later, de4: amount(1_000) }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 1_000, 1_000]);
    expect(counter.cases()).toContain('reversal-unmatched');
  });

  it.each([
    ['DE90 of the refund', { de90: originalElements('0200', '000030', '1123150000') }],
    ['nothing but DE3', { de90: undefined }],
  ])('takes it back where it names no terminal, by %s', async (_, { de90 }) => {
    const counter = around();
    const of = { de32: '654321', de37: RRN };
    const sale = await counter.heard(purchase(of), ACQUIRER_LINE);
    await counter.heard(purchase({ ...of, ...NUMBERS, de3: '200000' }), ACQUIRER_LINE);
    const nameless = { ...of, ...later, mti: '0420', de41: undefined, de42: undefined, de90 };
    expect((await counter.heard(repeating(sale, nameless), ACQUIRER_LINE)).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 0]);
    expect(counter.cases()).toEqual(['proof-of-refund']);
  });
});

describe('DE90 with STAN and time of an advice, and the message type of a request', () => {
  it('means the advice: a tip', async () => {
    const counter = around();
    const sale = await counter.heard(purchase());
    await counter.heard(about(sale, { mti: '0220', de3: '020000', de4: amount(2_700) }));
    const de90 = originalElements('0200', '000030', '1123150000');
    await counter.heard(reversal({ de90, de37: sale.rrn, de4: amount(2_700) }));
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.cases()).toEqual([]);
  });
});
