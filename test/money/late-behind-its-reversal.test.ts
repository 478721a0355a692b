import { describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, type Heard, originalElements, purchase, reversal, voidOf } from './core-cases.ts';

// A reversal overtakes its original, which the terminal has repeated under a DE7 of its own. The reversal names one of
// the two, the local time names both: neither is carried out, whichever the reversal knew.

const NUMBERS = { de11: '000003', de12: '130600', de7: '1123120600' };
const HOLD = { mti: '0100', de25: '06', de37: '632812000001', de4: '000000010000' };
const OF_HOLD = { de25: '06', de37: HOLD.de37 };

type Make = (sale: Heard) => TerminalMessage;

const OF_SALE: [what: string, make: Make][] = [
  ['a purchase', () => purchase(NUMBERS)],
  ['a void', (sale) => voidOf(sale, NUMBERS)],
  [
    'a tip',
    ({ rrn }) => purchase({ ...NUMBERS, mti: '0220', de3: '020000', de37: rrn, de4: '000000002700' }),
  ],
  ['a refund', ({ rrn }) => purchase({ ...NUMBERS, de3: '200000', de37: rrn })],
  ['a refund that was given', ({ rrn }) => purchase({ ...NUMBERS, mti: '0220', de3: '200000', de37: rrn })],
  ['an offline purchase', () => purchase({ ...NUMBERS, mti: '0220', de4: '000000000900' })],
];

const OF_A_HOLD: [what: string, make: Make][] = [
  ['a completion', () => purchase({ ...NUMBERS, ...OF_HOLD, mti: '0220', de4: '000000008000' })],
  ['an increment', () => purchase({ ...NUMBERS, ...OF_HOLD, mti: '0100', de38: 'A1B2C3' })],
];

/** The reversal of a message comes first, then that message, its repeat with another DE7, and the message again. */
async function overtaken(first: TerminalMessage, make: Make) {
  const counter = new Counter();
  const message = make(await counter.heard(first));
  const before = counter.payments().length;
  const { mti, de3, de4 } = message;
  const named = { de90: originalElements(mti, NUMBERS.de11, NUMBERS.de7), de3, de4 };
  const told = await counter.heard(reversal({ ...named, de7: '1123120900', de12: '141000' }));

  const again = `${mti.slice(0, 3)}1`;
  const codes: (string | undefined)[] = [];
  for (const each of [message, { ...message, mti: again, de7: '1123120630' }, { ...message, mti: again }]) {
    codes.push((await counter.heard(each)).code);
  }
  const { standingMinorUnits } = counter.payment();
  return { told: told.code, codes, standingMinorUnits, more: counter.payments().length - before };
}

const NOTHING_DONE = { told: '00', codes: ['12', '12', '12'], more: 0 };

it('is written down once, however often it comes again', async () => {
  const counter = new Counter();
  await counter.heard(reversal({ de90: originalElements('0200', NUMBERS.de11, NUMBERS.de7) }));
  for (const second of ['00', '10', '20', '30', '40']) {
    const late = purchase({ ...NUMBERS, mti: '0201', de7: `11231206${second}` });
    expect(await counter.heard(late)).toMatchObject({ code: '12' });
  }
  const kinds = counter.core.journal.entries.map(({ kind }) => kind);
  expect(kinds).toEqual(['remembered', 'named-again']);
});

describe('behind its reversal', () => {
  it.each(OF_SALE)('%s is not carried out, nor is its repeat with another DE7', async (_, make) => {
    const seen = await overtaken(purchase(), make);
    expect(seen).toEqual({ ...NOTHING_DONE, standingMinorUnits: 2_500 });
  });

  it.each(OF_A_HOLD)('%s is not carried out, nor is its repeat with another DE7', async (_, make) => {
    const seen = await overtaken(purchase(HOLD), make);
    expect(seen).toEqual({ ...NOTHING_DONE, standingMinorUnits: 10_000 });
  });
});
