import { describe, expect, it } from 'vitest';
import type { AdviceRequest, SchemeRules } from '../../connectors/index.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import {
  Counter,
  type Heard,
  originalElements,
  purchase,
  replacement,
  reversal,
  voidOf,
} from './core-cases.ts';

// What terminals send one after the other, each message right by itself: parts, tips, increments, refunds, and what
// takes them back in an order that nobody has thought of.

const RULES: SchemeRules = {
  maxIncrements: 9,
  overCompletionPercent: {},
  maxCompletions: 9,
  tipPercent: { '5411': 20 },
  holds: [{ days: 5, isExtended: false }],
};

function around() {
  const counter = new Counter();
  const advised: AdviceRequest[] = [];
  Object.assign(counter.core.ports.networks.get('visa') ?? {}, {
    rules: RULES,
    advise: async (request: AdviceRequest) => {
      advised.push(request);
      return { status: 'acknowledged', code: '00' };
    },
  });
  return { counter, advised };
}

/** The same, asked to hold 100.00. */
async function held() {
  const { counter, advised } = around();
  const hold = await counter.heard(
    purchase({ mti: '0100', de25: '06', de37: '632812000001', de4: amount(10_000) }),
  );
  return { counter, advised, hold };
}

const amount = (minorUnits: number) => String(minorUnits).padStart(12, '0');

const increment = (minorUnits: number): TerminalMessage =>
  purchase({
    mti: '0100',
    de25: '06',
    de37: '632812000001',
    de38: 'A1B2C3',
    de4: amount(minorUnits),
    de11: '000012',
    de7: '1123121000',
  });

const completion = (minorUnits: number, de60?: string, index = 0): TerminalMessage =>
  purchase({
    mti: '0220',
    de25: '06',
    de37: '632812000001',
    de4: amount(minorUnits),
    de60,
    de11: `00009${index}`,
    de7: `112313000${index}`,
    de12: `14000${index}`,
  });

const TIP = { stan: '000020', sent: '1123140000' };
const tip = ({ rrn }: Heard, minorUnits: number, change: Partial<TerminalMessage> = {}): TerminalMessage =>
  purchase({
    mti: '0220',
    de3: '020000',
    de37: rrn,
    de4: amount(minorUnits),
    de11: TIP.stan,
    de7: TIP.sent,
    de12: '150000',
    ...change,
  });

const reversalOf = (
  named: { readonly mti?: string; readonly stan: string; readonly sent: string },
  change: Partial<TerminalMessage> = {},
): TerminalMessage =>
  reversal({
    de11: '000004',
    de7: '1123150000',
    de12: '160000',
    de4: undefined,
    de90: originalElements(named.mti ?? '0200', named.stan, named.sent),
    ...change,
  });

const VOID = { stan: '000003', sent: '1123120600' };
const wholeVoid = (of: Heard) => voidOf(of, { de4: undefined });
const downTo = (minorUnits: number) =>
  reversal({ de4: undefined, de90: undefined, de11: '000001', de95: replacement(minorUnits) });

describe('completions in parts', () => {
  it('come to no more than what is left of a hold that was reversed in part', async () => {
    const { counter } = await held();
    expect((await counter.heard(downTo(4_000))).code).toBe('00');
    expect((await counter.heard(completion(1_000, '0100', 1))).code).toBe('00');
    expect((await counter.heard(completion(3_001, '0202', 2))).code).toBe('13');
    expect((await counter.heard(completion(3_000, '0202', 3))).code).toBe('00');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 4_000 });
  });

  it('do not bring back what was taken back of those before', async () => {
    const { counter } = await held();
    await counter.heard(completion(3_000, '0102', 1));
    expect((await counter.heard(downTo(1_000))).code).toBe('00');
    expect((await counter.heard(completion(4_000, '0202', 2))).code).toBe('12');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 1_000 });
  });

  it('have no tip before the last one, which would forget it', async () => {
    const { counter, hold } = await held();
    await counter.heard(completion(3_000, '0102', 1));
    expect((await counter.heard(tip(hold, 3_300))).code).toBe('12');
    await counter.heard(completion(4_000, '0202', 2));
    expect((await counter.heard(tip(hold, 7_300, { de11: '000021' }))).code).toBe('00');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 7_300 });
  });

  it('are not all given back by a reversal of one', async () => {
    const { counter } = await held();
    await counter.heard(completion(3_000, '0102', 1));
    await counter.heard(completion(4_000, '0202', 2));
    const last = { mti: '0220', stan: '000092', sent: '1123140002' };
    expect((await counter.heard(reversalOf(last))).code).toBe('12');
    expect(counter.cases()).toEqual([]);
    expect((await counter.heard(reversalOf(last, { mti: '0420', de11: '000005' }))).code).toBe('00');
    expect(counter.cases()).toEqual(['reversal-unmatched']);
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 7_000 });
  });
});

describe('a completion', () => {
  it('is told once, also where a reversal of a part of it was refused since', async () => {
    const { counter, advised, hold } = await held();
    await counter.heard(completion(8_000));
    await counter.follows('advise-network');
    counter.core.reversal = { status: 'refused', code: '57' };
    await counter.heard(downTo(5_000));
    await counter.follows('reverse-network');
    expect((await counter.heard(tip(hold, 5_500))).code).toBe('00');
    await counter.follows('advise-network');
    expect(advised).toMatchObject([
      { reason: 'completion', minorUnits: 8_000 },
      { reason: 'adjustment', minorUnits: 5_500 },
    ]);
  });

  it('with its increments stands whole after its void was reversed', async () => {
    const { counter, hold } = await held();
    await counter.heard(increment(5_000));
    await counter.heard(completion(15_000));
    expect((await counter.heard(wholeVoid(hold))).code).toBe('00');
    await counter.follows('advise-network');
    expect((await counter.heard(reversalOf(VOID))).code).toBe('00');
    await counter.follows('reverse-network');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 15_000, networkMinorUnits: 15_000 });
    expect(counter.core.sent.reversed).toEqual([]);
  });
});

describe('an increment that is reversed beside a void', () => {
  it('stays reversed where the void is reversed', async () => {
    const { counter, hold } = await held();
    await counter.heard(increment(5_000));
    expect((await counter.heard(wholeVoid(hold))).code).toBe('00');
    const added = { mti: '0100', stan: '000012', sent: '1123121000' };
    expect((await counter.heard(reversalOf(added))).code).toBe('00');
    await counter.heard(reversalOf(VOID, { de11: '000005' }));
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 10_000 });
    await counter.follows('reverse-network');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 10_000, networkMinorUnits: 10_000 });
  });
});

describe('a part that is reversed in the second of a void with the STAN of the sale', () => {
  const ofPart = (change: Partial<TerminalMessage> = {}) =>
    reversal({
      de11: '000004',
      de7: '1123120600',
      de90: originalElements('0200', '000001', '0000000000'),
      de95: replacement(1_000),
      ...change,
    });

  it.each([
    ['the local time of the sale', {}],
    ['a time of its own', { de12: '130600' }],
  ])('with %s is a part of the sale, and not the reversal of the void', async (_, time) => {
    const { counter } = around();
    const sale = await counter.heard(purchase());
    expect((await counter.heard(voidOf(sale, { de11: '000001' }))).code).toBe('00');
    expect((await counter.heard(ofPart(time))).code).toBe('00');
    expect(counter.payment()).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });

    const ofVoid = originalElements('0200', '000001', '1123120600');
    await counter.heard(reversal({ de11: '000005', de7: '1123120700', de12: '130700', de90: ofVoid }));
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 1_000 });
  });
});

describe('the reversal of a tip', () => {
  const tipped = async () => {
    const { counter, advised } = around();
    const sale = await counter.heard(purchase());
    expect((await counter.heard(tip(sale, 2_700))).code).toBe('00');
    return { counter, advised, sale };
  };

  it.each<[string, string]>([
    ['DE7', TIP.sent],
    ['local time', '1123150000'],
  ])('by its %s leaves the sale as it was before', async (_, sent) => {
    const { counter, advised } = await tipped();
    await counter.follows('advise-network');
    const named = { ...TIP, mti: '0220', sent };
    expect((await counter.heard(reversalOf(named, { de4: amount(2_700) }))).code).toBe('00');
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
    await counter.follows('advise-network');
    expect(advised.map(({ minorUnits }) => minorUnits)).toEqual([2_700, 2_500]);
    expect(counter.payment()).toMatchObject({ networkMinorUnits: 2_500 });
  });

  it('leaves what replaced it, and brings nothing back that was taken back', async () => {
    const { counter, sale } = await tipped();
    await counter.heard(tip(sale, 2_800, { de11: '000021', de7: '1123140100' }));
    const first = { ...TIP, mti: '0220' };
    expect((await counter.heard(reversalOf(first))).code).toBe('00');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_800 });
    await counter.heard(downTo(1_000));
    const second = { mti: '0220', stan: '000021', sent: '1123140100' };
    expect((await counter.heard(reversalOf(second, { de11: '000006' }))).code).toBe('00');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 1_000 });
  });

  it('that overtakes it keeps it from being taken', async () => {
    const { counter } = around();
    const sale = await counter.heard(purchase());
    await counter.heard(reversalOf({ ...TIP, mti: '0220' }));
    await counter.heard(tip(sale, 2_700));
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
  });
});

describe('the reversal of a void of a refund', () => {
  it('does not pay again what its sale was voided for since: that is a case', async () => {
    const { counter } = around();
    const sale = await counter.heard(purchase());
    const refund = await counter.heard(
      purchase({ de3: '200000', de37: sale.rrn, de11: '000010', de7: '1123120300', de12: '130300' }),
    );
    expect((await counter.heard(voidOf(refund))).code).toBe('00');
    const voided = await counter.heard(voidOf(sale, { de11: '000005', de12: '130700', de7: '1123120650' }));
    expect(voided.code).toBe('00');
    expect((await counter.heard(reversalOf(VOID))).code).toBe('12');
    expect(counter.payments().map(({ standingMinorUnits }) => standingMinorUnits)).toEqual([0, 0]);
    expect(counter.cases()).toContain('void-reversed-late');
  });
});

describe('the smallest sale, all of it refunded', () => {
  it('is not taken back as well', async () => {
    const counter = new Counter();
    const smallest = { de4: '000000000001' };
    const { rrn } = await counter.heard(purchase(smallest));
    const later = { de11: '000003', de7: '1123120600', de12: '130600' };
    expect(await counter.heard(purchase({ ...smallest, ...later, de3: '200000', de37: rrn }))).toMatchObject({
      code: '00',
    });
    await counter.heard(reversal(smallest));
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 1 });
  });
});

describe('a refund that its terminal took back, and whose network has yet to hear of it', () => {
  const refunded = async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    const refund = { de3: '200000', de37: bought.rrn, de11: '000003', de7: '1123120600', de12: '130600' };
    expect(await counter.heard(purchase(refund))).toMatchObject({ code: '00' });
    const de90 = originalElements('0200', '000003', '1123120600');
    const back = { de3: '200000', de11: '000004', de7: '1123120700', de12: '130700', de90 };
    expect(await counter.heard(reversal(back))).toMatchObject({ code: '00' });
    return { counter, bought, refund };
  };

  it('is not given once more', async () => {
    const { counter, refund } = await refunded();
    const again = { ...refund, de11: '000005', de7: '1123120800', de12: '130800' };
    expect(await counter.heard(purchase(again))).toMatchObject({ code: '13' });
  });

  it('keeps nobody from voiding the sale', async () => {
    const { counter, bought } = await refunded();
    const voiding = { de11: '000006', de7: '1123120900', de12: '130900' };
    expect(await counter.heard(voidOf(bought, voiding))).toMatchObject({ code: '00' });
  });
});
