import { describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import {
  ACQUIRER_LINE,
  Counter,
  DAY_MS,
  OTHER_CARD,
  originalElements,
  purchase,
  replacement,
  reversal,
  SECOND_ADDRESS,
  voidOf,
} from './core-cases.ts';

// A terminal that repeats with a DE7 of its own knows one request by two names, and reverses either. Its own reversal
// has a time of its own, as most have.

const FIRST = '1123120000';
const REPEAT = '1123120004';
const first = (change: Partial<TerminalMessage> = {}) => purchase({ de7: FIRST, ...change });
const repeat = (change: Partial<TerminalMessage> = {}) => purchase({ mti: '0201', de7: REPEAT, ...change });
/** Five minutes later by both of its clocks; without DE12 where the terminal sends none in reversals. */
const reversalOf = (sent: string, change: Partial<TerminalMessage> = {}) =>
  reversal({ de12: '130500', de90: originalElements('0200', '000001', sent), ...change });
const UTC_ONLY = { de12: undefined, de13: undefined };

const taken = { state: 'taken-back', standingMinorUnits: 0 };

describe('a request and its repeat with another DE7', () => {
  it.each([
    ['the first', FIRST],
    ['the repeat', REPEAT],
  ])('are reversed by the DE7 of %s', async (_, sent) => {
    const counter = new Counter();
    await counter.heard(first());
    await counter.heard(repeat(), SECOND_ADDRESS);
    expect(await counter.heard(reversalOf(sent, UTC_ONLY))).toMatchObject({ code: '00' });
    expect(counter.payments()).toMatchObject([taken]);
    expect(counter.cases()).toEqual([]);
  });

  it.each([
    ['the first', FIRST],
    ['the repeat', REPEAT],
  ])('are reversed by the DE7 of %s where the repeat was here first', async (_, sent) => {
    const counter = new Counter();
    const bought = await counter.heard(repeat());
    expect(await counter.heard(first())).toEqual(bought);
    expect(await counter.heard(reversalOf(sent, UTC_ONLY))).toMatchObject({ code: '00' });
    expect(counter.payments()).toMatchObject([taken]);
    expect(counter.cases()).toEqual([]);
  });

  it('are reversed by either where one waited for the answer of the other', async () => {
    const counter = new Counter();
    const both = [counter.asked(repeat()), counter.asked(first())];
    await counter.core.clock.advance(10_000);
    const [one, other] = await Promise.all(both);
    expect(one?.de38).toBe(other?.de38);
    await counter.heard(reversalOf(FIRST, UTC_ONLY));
    expect(counter.payments()).toMatchObject([taken]);
  });

  it('are reversed by the first where that never came, since the reversal tells its zone', async () => {
    const counter = new Counter();
    await counter.heard(repeat());
    await counter.heard(reversalOf(FIRST));
    expect(counter.payments()).toMatchObject([taken]);
    expect(counter.cases()).toEqual([]);
  });

  it('are both refused where the reversal of the first was here before', async () => {
    const counter = new Counter();
    await counter.heard(reversalOf(FIRST));
    expect(await counter.heard(repeat())).toMatchObject({ code: '12' });
    expect(await counter.heard(first())).toMatchObject({ code: '12' });
    expect(counter.core.sent.authorised).toEqual([]);
  });

  it('are taken back once what the reversal named comes, though it was not known then', async () => {
    const counter = new Counter();
    await counter.heard(repeat());
    await counter.heard(reversalOf(FIRST, UTC_ONLY));
    expect(counter.payment()).toMatchObject({ state: 'approved' });
    expect(counter.cases()).toEqual(['reversal-unmatched']);
    expect(await counter.heard(first())).toMatchObject({ code: '12' });
    expect(counter.payments()).toMatchObject([taken]);
    expect(counter.work()).toContain('reverse-network');
  });

  it('cost a name each, and not without end', async () => {
    const counter = new Counter();
    await counter.heard(first());
    for (let second = 10; second < 40; second += 1) await counter.heard(repeat({ de7: `11231200${second}` }));
    expect(counter.core.journal.entries.length).toBeLessThan(12);
  });

  it('that have the same DE7 cost nothing', async () => {
    const counter = new Counter();
    await counter.heard(first());
    const before = counter.core.journal.entries.length;
    await counter.heard(purchase({ mti: '0201' }));
    expect(counter.core.journal.entries).toHaveLength(before);
  });

  it('may be a void, whose own reversal names either too', async () => {
    const counter = new Counter();
    const bought = await counter.heard(first());
    expect(await counter.heard(voidOf(bought))).toMatchObject({ code: '00' });
    await counter.heard(voidOf(bought, { mti: '0201', de7: '1123120609' }));
    const back = { ...UTC_ONLY, de3: '020000', de11: '000004', de7: '1123120700' };
    const named = { ...back, de90: originalElements('0200', '000003', '1123120609') };
    expect(await counter.heard(reversal(named))).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500, cases: [] });
  });

  it('of a void are named, however often the sale was repeated', async () => {
    const counter = new Counter();
    const bought = await counter.heard(first());
    for (let second = 10; second < 20; second += 1) await counter.heard(repeat({ de7: `11231200${second}` }));
    await counter.heard(voidOf(bought));
    await counter.heard(voidOf(bought, { mti: '0201', de7: '1123120609' }));
    const back = { ...UTC_ONLY, de3: '020000', de11: '000004', de7: '1123120700' };
    await counter.heard(reversal({ ...back, de90: originalElements('0200', '000003', '1123120609') }));
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
  });
});

describe('the zone of a reversal', () => {
  it.each([
    ['at the turn of the year', '1231233000', '0101', '003000', '0101000500', '0101', '010500'],
    ['behind UTC', '0102013000', '0101', '203000', '0102013500', '0101', '203500'],
    ['of half an hour', '0301120000', '0301', '173000', '0301120500', '0301', '173500'],
  ])('is that of its payment, %s', async (_, de7, de13, de12, later, laterDate, laterTime) => {
    const counter = new Counter();
    await counter.core.clock.advance(39 * DAY_MS);
    await counter.heard(purchase({ de7, de13, de12 }));
    const de90 = originalElements('0200', '000001', de7);
    await counter.heard(reversal({ de90, de7: later, de13: laterDate, de12: laterTime }));
    expect(counter.payment()).toMatchObject(taken);
  });
});

describe('a reversal with the DE37 and STAN of yesterday', () => {
  const own = { de37: '000000000001', de2: undefined };
  const yesterday = () => purchase({ de37: own.de37, de7: '1122120000', de13: '1122' });

  it('of a terminal that counts anew each day means today’s sale, which has not come', async () => {
    const counter = new Counter();
    await counter.heard(yesterday());
    await counter.core.clock.advance(DAY_MS);
    const lost = reversal({ ...own, de12: '130500', de90: originalElements('0200', '000001', '1123120000') });
    expect(await counter.heard(lost)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
  });

  it('still means the sale before midnight', async () => {
    const counter = new Counter();
    await counter.heard(purchase({ de37: own.de37, de7: '1122225500', de13: '1122', de12: '235500' }));
    const de90 = originalElements('0200', '000001', '1122235501');
    await counter.heard(reversal({ ...own, de13: '1123', de12: '000500', de7: '1122230500', de90 }));
    expect(counter.payment()).toMatchObject(taken);
  });
});

describe('a reversal that names the first of a repeat, before that comes, for another', () => {
  it.each([
    ['card', { de2: OTHER_CARD }],
    ['currency', { de49: '840' }],
    ['amount', { de4: '000000000100' }],
  ])('%s takes nothing back when it comes', async (_, change) => {
    const counter = new Counter();
    const sale = await counter.heard(repeat());
    expect(await counter.heard(reversalOf(FIRST, { mti: '0420', ...change }))).toMatchObject({ code: '00' });
    expect(await counter.heard(first())).toMatchObject({ code: '00', rrn: sale.rrn });
    expect(counter.payment()).toMatchObject({ state: 'approved' });
    expect(counter.cases()).toEqual(['reversal-unmatched']);
  });
});

describe('DE4 of what was taken back', () => {
  const later = (index: number) => ({
    de11: `00010${index}`,
    de7: `112313000${index}`,
    de12: `14000${index}`,
  });

  it('may be the amount with the tip, also of a void and of a second reversal', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase());
    const tip = { mti: '0220', de3: '020000', de37: sale.rrn, de4: '000000002700', ...later(1) };
    expect(await counter.heard(purchase(tip))).toMatchObject({ code: '00' });
    const voiding = voidOf(sale, { de4: '000000002700' });
    expect(await counter.heard(voiding)).toMatchObject({ code: '00' });
    await counter.follows('reverse-network');
    const again = reversal({ ...later(2), de4: '000000002700' });
    expect(await counter.heard(again)).toMatchObject({ code: '00' });
    const other = reversal({ ...later(3), de4: '000000002600' });
    expect(await counter.heard(other)).toMatchObject({ code: '25' });
  });
});

describe('a reversal of a void that names nothing', () => {
  it('is a case of the sale that was voided: its terminal believes that it stands', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase());
    await counter.heard(voidOf(sale));
    const lost = { de3: '020000', de11: '000009', de7: '1123121000', de12: '131000' };
    const de90 = originalElements('0200', '000000', '0000000000');
    expect(await counter.heard(reversal({ ...lost, de90 }))).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'taken-back' });
    expect(counter.cases()).toEqual(['reversal-unmatched']);
  });

  it('is none of a sale of another card', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase());
    await counter.heard(voidOf(sale));
    const de90 = originalElements('0200', '000000', '0000000000');
    await counter.heard(reversal({ de3: '020000', de2: OTHER_CARD, de11: '000009', de12: '131000', de90 }));
    expect(counter.cases()).toEqual([]);
  });
});

describe('a completion', () => {
  const hold = purchase({ mti: '0100', de25: '06', de4: '000000010000' });
  const told = (change: Partial<TerminalMessage>) =>
    purchase({
      mti: '0220',
      de25: '06',
      de11: '000091',
      de7: '1123130000',
      de12: '140000',
      de4: '000000008000',
      ...change,
    });
  const named = originalElements('0100');

  it('may name its pre-authorisation by DE90 alone', async () => {
    const counter = new Counter();
    await counter.heard(hold);
    expect(await counter.heard(told({ de90: named }))).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'captured', standingMinorUnits: 8_000 });
  });

  it('days later by approval code and card', async () => {
    const counter = new Counter();
    await counter.heard(hold, ACQUIRER_LINE);
    await counter.core.clock.advance(3 * DAY_MS);
    const leaving = told({ de38: 'A1B2C3', de13: '1126', de7: '1126130000', de41: 'TERM0009' });
    expect(await counter.heard(leaving, ACQUIRER_LINE)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'captured' });
  });

  it('means the hold, where a sale has its reference as well', async () => {
    const counter = new Counter();
    const de37 = '000000000077';
    await counter.heard({ ...hold, de37 });
    await counter.heard(purchase({ de37, de11: '000005', de7: '1123120100', de12: '130100' }));
    expect(await counter.heard(told({ de37 }))).toMatchObject({ code: '00' });
    expect(counter.payments()).toMatchObject([{ state: 'captured' }, { state: 'approved' }]);
  });

  it('that its own reversal has overtaken is not carried out, by its DE7 either', async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(hold);
    const de90 = originalElements('0220', '000091', '1123130000');
    await counter.heard(reversal({ ...UTC_ONLY, de11: '000092', de7: '1123130500', de90, de4: undefined }));
    expect(await counter.heard(told({ de37: rrn }))).toMatchObject({ code: '12' });
    expect(counter.payment()).toMatchObject({ state: 'approved' });
  });

  it('is reversed by its DE7', async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(hold);
    await counter.heard(told({ de37: rrn }));
    const de90 = originalElements('0220', '000091', '1123130000');
    await counter.heard(reversal({ ...UTC_ONLY, de11: '000092', de7: '1123130500', de90, de4: undefined }));
    expect(counter.payment()).toMatchObject(taken);
    // The hold has gone with it: people know.
    expect(counter.cases()).toEqual(['hold-reversed']);
  });
});

describe('what a message about a payment means beside one in flight', () => {
  const own = { de37: '000000000077' };
  const second = purchase({ ...own, de11: '000005', de7: '1123120100', de12: '130100' });

  it.each<[string, Partial<TerminalMessage>]>([
    ['a tip', { mti: '0220', de3: '020000', de4: '000000002700' }],
    ['a void', { de3: '020000' }],
    ['a refund', { de3: '200000', de4: '000000001000' }],
  ])('is for %s what was answered', async (_, change) => {
    const counter = new Counter();
    await counter.heard(purchase(own));
    counter.core.network.afterMs = 500;
    const open = counter.asked(second);
    const about = counter.asked(
      purchase({ ...own, de11: '000009', de7: '1123120200', de12: '130200', ...change }),
    );
    await counter.core.clock.advance(10_000);
    expect((await about)?.de39).toBe('00');
    expect((await open)?.de39).toBe('00');
    const [sold, ...others] = counter.payments();
    const beside = others.find(({ opening }) => opening?.facts.stan === '000005');
    expect(beside).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
    expect(sold?.version).toBeGreaterThan(2);
  });
});

describe('a void behind a reversal in part that is still queued', () => {
  it('is not told before its time, and may be reversed until then', async () => {
    const counter = new Counter();
    const sale = await counter.heard(purchase());
    const downTo = { de90: originalElements(), de95: replacement(1_000), de4: undefined };
    await counter.heard(reversal(downTo));
    const voiding = counter.asked(voidOf(sale, { de4: undefined }));
    await counter.core.clock.advance(100);
    expect((await voiding)?.de39).toBe('00');
    expect(await counter.follows('reverse-network')).toEqual({ retryAfterMs: expect.any(Number) });
    expect(counter.core.sent.reversed).toEqual([]);
    const back = { de11: '000004', de7: '1123120700', de12: '130700' };
    const de90 = originalElements('0200', '000003', '1123120600');
    expect(await counter.heard(reversal({ ...back, de90, de4: undefined }))).toMatchObject({ code: '00' });
    await counter.follows('reverse-network');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 1_000, networkMinorUnits: 1_000 });
  });

  it('is told at once where a node’s clock is a day behind', async () => {
    const counter = new Counter({ takeBacks: { voidWaitMs: 5_000 } });
    const sale = await counter.heard(purchase());
    await counter.heard(voidOf(sale));
    const { clock } = counter.core;
    const wall = clock.wall() - DAY_MS;
    Object.assign(counter.ports, {
      clock: { wall: () => wall, monotonic: () => clock.monotonic(), after: clock.after.bind(clock) },
    });
    expect(await counter.follows('reverse-network')).toEqual({ done: true });
  });
});

describe('a reference that was given more often than there are places', () => {
  const de37 = '000000000088';
  const sold = (index: number) =>
    purchase({
      de37,
      de11: String(index).padStart(6, '0'),
      de4: `00000000${1_000 + index}`,
      de7: `11231201${index}`,
      de12: `1301${index}`,
    });

  it('finds what it means by all that a message says of it', async () => {
    const counter = new Counter();
    let sale = await counter.heard(sold(10));
    for (let index = 11; index < 22; index += 1) sale = await counter.heard(sold(index));
    const last = voidOf(sale, { de4: '000000001021', de11: '000090', de12: '140000' });
    expect(await counter.heard(last)).toMatchObject({ code: '00' });
    expect(counter.payments().map(({ state }) => state)).toEqual([
      ...Array(11).fill('approved'),
      'taken-back',
    ]);
    const again = voidOf(sale, { de4: '000000001021', de11: '000092', de12: '140002' });
    expect(await counter.heard(again)).toMatchObject({ code: '12' });
    const none = voidOf(sale, { de4: '000000000999', de11: '000091', de12: '140001' });
    expect(await counter.heard(none)).toMatchObject({ code: '25' });
  });

  it('is found anew for no other payment that has it: an advice under it is written down in time', async () => {
    let looks = 0;
    const counter = new Counter({}, ({ ports: { journal } }) => ({
      journal: Object.assign(Object.create(journal), {
        history: (id: string) => {
          looks += 1;
          return journal.history(id);
        },
      }),
    }));
    for (let index = 10; index < 22; index += 1) await counter.heard(sold(index));
    looks = 0;
    const told = sold(30);
    const advice = { ...told, mti: '0220', de38: 'OFF001', de39: '00' };
    expect(await counter.heard(advice)).toMatchObject({ code: '00' });
    expect(looks).toBeLessThan(40);
  });
});
