import { describe, expect, it } from 'vitest';
import type { ListenerSettings } from '../../switch/config/settings.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, originalElements, purchase, replacement, reversal, voidOf } from './core-cases.ts';

// A line may hold back the repeat of a purchase, whose DE7 is its own, until the partial reversal of it has come.
// Of the simulation's seed 4120: the repeat was refused as if all were taken back, and nothing was.

const FIRST = '1123120000';
const REPEAT = '1123120004';
const LATER = { de12: undefined, de13: undefined };
const repeat = () => purchase({ mti: '0201', de7: REPEAT });
const partOf = (change: Partial<TerminalMessage> = {}) =>
  reversal({
    ...LATER,
    de90: originalElements('0200', '000001', REPEAT),
    de95: replacement(1_000),
    ...change,
  });
const BY_AMOUNT: Partial<ListenerSettings> = { reversalAmount: 'part' };

describe('a reversal in part that names a repeat before that comes', () => {
  it('takes the part back when it comes, which hears the first answer', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase({ de7: FIRST }));
    expect(await counter.heard(partOf())).toMatchObject({ code: '00' });
    expect(counter.cases()).toEqual(['reversal-unmatched']);
    expect(await counter.heard(repeat())).toEqual(sale);
    expect(counter.payments()).toMatchObject([{ state: 'approved', standingMinorUnits: 1_000 }]);
    expect(counter.work()).toContain('reverse-network');
  });

  it('does so once, however often that comes', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase({ de7: FIRST }));
    await counter.heard(partOf());
    await counter.heard(repeat());
    const before = counter.core.journal.entries.length;
    expect(await counter.heard(repeat())).toEqual(sale);
    expect(counter.core.journal.entries).toHaveLength(before);
  });

  it('takes the part that DE4 says, where the listener’s terminals mean it so', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase({ de7: FIRST }), BY_AMOUNT);
    await counter.heard(partOf({ de95: undefined, de4: '000000000700' }), BY_AMOUNT);
    expect(await counter.heard(repeat(), BY_AMOUNT)).toEqual(sale);
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 1_800 });
  });

  it('takes nothing of what was taken back whole meanwhile', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase({ de7: FIRST }));
    await counter.heard(partOf());
    await counter.heard(voidOf(sale));
    expect(await counter.heard(repeat())).toEqual(sale);
    expect(counter.payment()).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
  });

  it('takes nothing of what was refunded meanwhile', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase({ de7: FIRST }));
    await counter.heard(partOf());
    const refund = { de3: '200000', de11: '000008', de7: '1123120800', de12: '130800', de37: sale.rrn };
    expect(await counter.heard(purchase(refund))).toMatchObject({ code: '00' });
    expect(await counter.heard(repeat())).toEqual(sale);
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
  });

  it('takes nothing of what has less already', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase({ de7: FIRST }));
    await counter.heard(partOf());
    const less = { de11: '000007', de12: '130700', de95: replacement(600) };
    await counter.heard(reversal({ ...less, de90: originalElements('0200', '000001', FIRST) }));
    expect(await counter.heard(repeat())).toEqual(sale);
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 600 });
  });
});
