import { describe, expect, it } from 'vitest';
import { Counter, OTHER_CARD, originalElements, purchase, replacement, reversal } from './core-cases.ts';

// Many reversals have the date and time of their original. A terminal that lost count of its STANs gives two of them
// one number then, and with that one key. Each is about the payment that it names, and says what it says.

const REFERENCE = '632812000001';
const SECOND = { de11: '000002', de7: '1123120010', de12: '130000' };
const secondReversal = (change = {}) =>
  reversal({ de90: originalElements('0200', '000002', '1123120010'), ...change });
const partOfFirst = (remaining: number) => reversal({ de95: replacement(remaining) });

describe('two reversals of one STAN and one time', () => {
  it('each take back the payment that they name', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(purchase(SECOND));
    expect(await counter.heard(reversal())).toMatchObject({ code: '00' });
    expect(await counter.heard(secondReversal())).toMatchObject({ code: '00' });
    expect(counter.payments()).toMatchObject([{ standingMinorUnits: 0 }, { standingMinorUnits: 0 }]);
  });

  it('of one payment count both where they say different things of it', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    expect(await counter.heard(partOfFirst(2_000))).toMatchObject({ code: '00' });
    expect(await counter.heard(partOfFirst(1_000))).toMatchObject({ code: '00' });
    expect(await counter.heard(reversal())).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 0, remainders: [2_000, 1_000] });
  });

  it('are answered again as they were, each by its own answer', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(purchase(SECOND));
    const heard = [await counter.heard(partOfFirst(1_000)), await counter.heard(secondReversal())];
    const entries = counter.core.journal.entries.length;

    const again = [
      await counter.heard({ ...partOfFirst(1_000), mti: '0401' }),
      await counter.heard(secondReversal({ mti: '0401' })),
    ];
    expect(again).toEqual(heard);
    expect(counter.core.journal.entries).toHaveLength(entries);
  });

  it('of which one matched nothing are two, where they name two payments', async () => {
    const counter = new Counter();
    expect(await counter.heard(reversal())).toMatchObject({ code: '00' });
    await counter.heard(purchase(SECOND));
    expect(await counter.heard(secondReversal())).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 0 });
  });

  it.each([
    ['STAN', reversal(), secondReversal()],
    ['amount', reversal({ de90: undefined }), secondReversal({ de4: '000000009900' })],
    ['card', reversal({ de90: undefined }), secondReversal({ de2: OTHER_CARD })],
  ])('that match nothing are two, where they say another %s', async (_, first, second) => {
    const counter = new Counter();
    await counter.heard({ ...first, de11: '000009' });
    const entries = counter.core.journal.entries.length;
    expect(await counter.heard({ ...second, de11: '000009' })).toMatchObject({ code: '00' });
    expect(counter.core.journal.entries).toHaveLength(entries + 1);
  });

  it('of which one was refused for a refund are two, where the other leaves what was refunded', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    const refund = { de3: '200000', de37: '632712000001', de4: '000000001000', ...SECOND };
    expect(await counter.heard(purchase(refund))).toMatchObject({ code: '00' });
    expect(await counter.heard(reversal())).toMatchObject({ code: '12' });
    expect(await counter.heard(partOfFirst(1_500))).toMatchObject({ code: '00' });
    expect(await counter.heard(reversal({ mti: '0401' }))).toMatchObject({ code: '12' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 1_500 });
  });

  it('leave alone what one was answered that matched nothing, whatever its repeat would find', async () => {
    const counter = new Counter();
    expect(await counter.heard(reversal({ de90: undefined, de37: REFERENCE }))).toMatchObject({ code: '00' });
    const entries = counter.core.journal.entries.length;
    const again = reversal({ mti: '0401', de90: undefined, de37: REFERENCE });
    expect(await counter.heard(again)).toMatchObject({ code: '00' });
    expect(counter.core.journal.entries).toHaveLength(entries);
  });
});

describe('a reversal without DE90 whose payment never came, by a reference that all of the day have', () => {
  const SHARED = { de37: '000000000077' };
  const unheard = (change = {}) =>
    reversal({ ...SHARED, de90: undefined, de11: '000009', de7: '1123120400', de12: '130400', ...change });

  it.each([
    ['card', unheard({ de2: OTHER_CARD }), []],
    ['currency', unheard({ de49: '840' }), []],
    ['amount', unheard({ de4: '000000009900' }), ['reversal-unmatched']],
  ] as const)('is not of one of another STAN and %s', async (_, said, cases) => {
    const counter = new Counter();
    await counter.heard(purchase(SHARED));
    expect(await counter.heard(said)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
    expect(counter.cases()).toEqual(cases);

    const late = purchase({ ...SHARED, de11: '000009', de7: '1123120400', de12: '130400', de2: said.de2 });
    const its = { ...late, de4: said.de4, de49: said.de49 } as typeof late;
    expect(await counter.heard(its)).toMatchObject({ code: '12' });
  });

  it.each([
    ['card', { de2: OTHER_CARD }],
    ['currency', { de49: '840' }],
  ])(
    'is not of one of its STAN, which its terminal gives again, and another %s: people see',
    async (_, its) => {
      const counter = new Counter();
      await counter.heard(purchase(SHARED));
      const lost = { ...SHARED, de7: '1123120400', de12: '130400', ...its };
      expect(await counter.heard(unheard({ ...lost, de11: '000001' }))).toMatchObject({ code: '00' });
      expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
      expect(counter.cases()).toEqual(['reversal-unmatched']);
      expect(await counter.heard(purchase(lost))).toMatchObject({ code: '12' });
    },
  );

  it('is not of one of its STAN at another till, and another amount', async () => {
    const counter = new Counter();
    await counter.heard(purchase({ ...SHARED, de41: 'TERM0002' }));
    const said = unheard({ de11: '000001', de4: '000000009900' });
    expect(await counter.heard(said)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
  });

  it('is refused where the STAN is its own, and only the amount another', async () => {
    const counter = new Counter();
    await counter.heard(purchase(SHARED));
    const said = unheard({ de11: '000001', de4: '000000009900' });
    expect(await counter.heard(said)).toMatchObject({ code: '25' });
  });
});
