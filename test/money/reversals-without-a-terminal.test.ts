import { describe, expect, it } from 'vitest';
import { subjectOf } from '../../switch/requests/nameless.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import type { TestCore } from '../support/core.ts';
import {
  ACQUIRER_LINE,
  Counter,
  OTHER_CARD,
  originalElements,
  purchase,
  reversal,
  SECOND_ADDRESS,
} from './core-cases.ts';
import { batchesOf } from './open-batches.ts';

// Hosts reverse from their own records, where a payment is a reference: terminal and merchant are left out. An advice
// is taken whatever it finds, and what it names is reversed where it is one payment of this acquirer.

const RRN = '632812000777';
const OF_A = { de32: '654321', de41: '00000001', de42: 'MERCHANT-A     ', de37: RRN };
const sale = (change: Partial<TerminalMessage> = {}) => purchase({ ...OF_A, ...change });
const UNNAMED = { de41: undefined, de42: undefined };
const advice = (change: Partial<TerminalMessage> = {}) =>
  reversal({ mti: '0420', de32: '654321', de37: RRN, ...UNNAMED, de12: '130500', ...change });

async function told(change: Partial<TerminalMessage>, sold: readonly TerminalMessage[] = [sale()]) {
  const counter = new Counter();
  for (const each of sold) await counter.heard(each, ACQUIRER_LINE);
  const { code } = await counter.heard(advice(change), ACQUIRER_LINE);
  const standing = counter.payments().map((each) => each.standingMinorUnits);
  return { counter, code, standing, cases: counter.cases() };
}

describe('a reversal that names no terminal', () => {
  it.each<[string, Partial<TerminalMessage>]>([
    ['DE37 and DE90', {}],
    ['DE37 alone', { de90: undefined }],
    ['DE37, with blanks for terminal and merchant', { de41: ' '.repeat(8), de42: ' '.repeat(15) }],
    ['DE37, with blanks for the terminal', { de41: ' '.repeat(8), de42: 'MERCHANT-A     ' }],
    ['DE90 alone, with blanks', { de37: undefined, de41: ' '.repeat(8), de42: ' '.repeat(15) }],
    ['DE37 and a DE90 of zeros', { de90: originalElements('0000', '000000', '0000000000') }],
    ['DE90 alone', { de37: undefined }],
    ['DE90 with the local time', { de37: undefined, de90: originalElements('0200', '000001', '1123130000') }],
    ['DE37, where it names the merchant', { de42: 'MERCHANT-A     ' }],
    ['DE37, where it names the terminal', { de41: '00000001' }],
    ['DE37, as a 0400', { mti: '0400' }],
    ['DE37, without card, amount and currency', { de2: undefined, de4: undefined, de49: undefined }],
  ])('reverses what it names by %s', async (_, change) => {
    expect(await told(change)).toMatchObject({ code: '00', standing: [0], cases: [] });
  });

  it.each<[string, Partial<TerminalMessage>]>([
    ['another card', { de2: OTHER_CARD }],
    ['another currency', { de49: '840' }],
    ['another amount', { de4: '000000009900' }],
    ['another STAN', { de90: originalElements('0200', '000009') }],
    ['another reference', { de37: '632812000778' }],
    ['another day', { de90: originalElements('0200', '000001', '1119120000') }],
    ['another acquirer', { de32: '999999' }],
    ['another merchant', { de42: 'MERCHANT-B     ' }],
    ['nothing', { de37: undefined, de90: undefined }],
  ])('reverses nothing with %s, is kept whole, and people see it', async (_, change) => {
    const { counter, ...seen } = await told(change);
    expect(seen).toEqual({ code: '00', standing: [2_500], cases: ['reversal-unmatched'] });
    const kept = counter.core.journal.entries.at(-1);
    expect(kept).toMatchObject({ kind: 'remembered', body: { elements: { 11: '000002' } } });
    expect(JSON.stringify(kept?.body)).not.toMatch(/4242424242424242|4000056655665556/);
  });

  const HOLD = { mti: '0100', de25: '06' };
  const LATER = { de11: '000012', de7: '1123121000', de12: '131000' };
  it.each<[string, Partial<TerminalMessage>, Partial<TerminalMessage>, object]>([
    ['an increment', HOLD, { ...HOLD, de38: 'A1B2C3' }, { standing: [2_500], cases: [] }],
    ['a completion', HOLD, { mti: '0220', de25: '06' }, { standing: [0], cases: ['hold-reversed'] }],
    ['a void', {}, { de3: '020000' }, { standing: [2_500], cases: [] }],
  ])('and means %s of the payment takes back that', async (_, first, then, right) => {
    const about = { ...then, ...LATER };
    const de90 = originalElements(then.mti ?? '0200', LATER.de11, LATER.de7);
    const sold = [sale(first), sale(about)];
    expect(await told({ de3: then.de3 ?? '000000', de90 }, sold)).toMatchObject({ code: '00', ...right });
  });

  it('reverses none of two that it may mean', async () => {
    const twice = [sale(), sale({ de11: '000005', de7: '1123120100', de12: '130100' })];
    const bare = { de90: undefined };
    expect(await told(bare, twice)).toMatchObject({
      standing: [2_500, 2_500],
      cases: ['reversal-unmatched'],
    });
  });

  it('is no repeat of another of the same second and STAN', async () => {
    const other = {
      de37: '632812000778',
      de41: '00000002',
      de11: '000005',
      de7: '1123120100',
      de12: '130100',
    };
    const { counter } = await told({}, [sale(), sale(other)]);
    await counter.heard(advice({ de37: other.de37, de90: undefined }), ACQUIRER_LINE);
    expect(counter.payments().map(({ state }) => state)).toEqual(['taken-back', 'taken-back']);
  });

  it('has its own repeat answered, once it is done', async () => {
    const { counter } = await told({});
    const before = counter.core.journal.entries.length;
    expect(await counter.heard(advice({ mti: '0421' }), ACQUIRER_LINE)).toMatchObject({ code: '00' });
    expect(counter.core.journal.entries).toHaveLength(before);
  });

  it('of what was taken back under its terminal’s name is taken, and nobody has to look', async () => {
    const counter = new Counter();
    await counter.heard(sale(), ACQUIRER_LINE);
    await counter.heard(reversal({ ...OF_A, mti: '0420', de12: '130500' }), ACQUIRER_LINE);
    await counter.heard(advice({ de11: '000009', de37: undefined }), ACQUIRER_LINE);
    expect(counter.payment()).toMatchObject({ state: 'taken-back' });
    expect(counter.cases()).toEqual([]);
  });

  it('takes back nothing of terminals that are registered here, and none is proven without its number', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    const own = advice({ de32: undefined, de37: undefined });
    expect(await counter.heard(own, SECOND_ADDRESS)).toMatchObject({ code: '30' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
  });

  it('takes back nothing that a terminal of ours sold under the acquirer’s number', async () => {
    const counter = new Counter({}, ({ journal }) => {
      const paymentsOf = async () => [journal.entries[0]?.transaction ?? ''];
      return { batches: { ...batchesOf({ journal } as TestCore).batches, paymentsOf } };
    });
    await counter.heard(purchase({ de32: '654321', de37: RRN }));
    expect(await counter.heard(advice(), ACQUIRER_LINE)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
  });

  it('is answered as the listener says where it is a 0400', async () => {
    const counter = new Counter();
    const line = { ...ACQUIRER_LINE, unmatchedReversal: 'refuse' } as const;
    expect(await counter.heard(advice({ mti: '0400' }), line)).toMatchObject({ code: '25' });
    expect(await counter.heard(advice({ de11: '000003' }), line)).toMatchObject({ code: '00' });
    expect(counter.cases()).toHaveLength(2);
  });

  it('is about nothing but a reversal: a sale without them is 30', async () => {
    const counter = new Counter();
    expect(await counter.heard(sale(UNNAMED), ACQUIRER_LINE)).toMatchObject({ code: '30' });
  });
});

it('a reversal that names no terminal has the key of today in every release: its repeat may come behind an upgrade', () => {
  const said = { mti: '0400', de90: originalElements(), de37: '632812000001', de4: '000000002500' };
  expect(subjectOf(said)).toBe('YnE-lxsw9X2VmTnhesW7Vr');
  expect(subjectOf({ ...said, de41: '        ' })).toBe('YnE-lxsw9X2VmTnhesW7Vr');
});
