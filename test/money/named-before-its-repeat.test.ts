import { describe, expect, it, vi } from 'vitest';
import { delay } from '../../runtime/index.ts';
import type { ListenerSettings } from '../../switch/config/settings.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import type { TestCore } from '../support/core.ts';
import {
  Counter,
  type Heard,
  originalElements,
  purchase,
  replacement,
  reversal,
  voidOf,
} from './core-cases.ts';

// What adds to a payment, changes it or takes it back is repeated with a DE7 of its own, too, and its reversal may name
// that before the repeat is here. The repeat heard 12 then, as if the reversal were done, and nothing was undone.

const OF_A_HOLD = { de25: '06' } as const;
const REPEATED = '1123124004';
/** The time of none of them: only DE90 names what is reversed. */
const LATER = { de11: '000090', de7: '1123125000', de12: undefined, de13: undefined } as const;

const hold = () => purchase({ mti: '0100', ...OF_A_HOLD, de4: '000000020000' });
const about = ({ rrn, approvalCode }: Heard) => ({
  de11: '000040',
  de7: '1123124000',
  de12: '134000',
  de37: rrn,
  de38: approvalCode,
});
const increment = (held: Heard) =>
  purchase({ mti: '0100', ...OF_A_HOLD, ...about(held), de4: '000000005000' });
const completion = (held: Heard) =>
  purchase({ mti: '0220', ...OF_A_HOLD, ...about(held), de4: '000000018000' });
const tip = (sold: Heard) => purchase({ mti: '0220', ...about(sold), de3: '020000', de4: '000000002900' });

const again = (message: TerminalMessage): TerminalMessage => ({
  ...message,
  mti: `${message.mti.slice(0, 3)}1`,
  de7: REPEATED,
});
const reversed = (message: TerminalMessage, change: Partial<TerminalMessage> = {}) =>
  reversal({
    ...LATER,
    de3: message.de3,
    de4: message.de4,
    de90: originalElements(message.mti, message.de11, REPEATED),
    ...change,
  });

const SEVERAL = ({ ports: { networks } }: TestCore) => ({
  networks: new Map(
    [...networks].map(([name, each]) => [name, { ...each, rules: { ...each.rules, maxCompletions: 3 } }]),
  ),
});

/** A first message, one that is about it, the reversal of that, and its repeat, as they come. */
async function played(
  first: TerminalMessage,
  make: (heard: Heard) => TerminalMessage,
  change: Partial<TerminalMessage> = {},
  line: Partial<ListenerSettings> = {},
) {
  const counter = new Counter();
  const message = make(await counter.heard(first, line));
  const second = await counter.heard(message, line);
  const taken = await counter.heard(reversed(message, change), line);
  expect(taken).toMatchObject({ code: '00' });
  expect(counter.cases()).toEqual(['reversal-unmatched']);
  const third = await counter.heard(again(message), line);
  return { counter, message, second, third };
}

describe('a reversal that names the repeat of', () => {
  it('an increment before that comes takes back the increment', async () => {
    const { counter, message, third } = await played(hold(), increment);
    expect(third).toMatchObject({ code: '12' });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 20_000 });
    expect(counter.work()).toContain('reverse-network');

    const before = counter.core.journal.entries.length;
    await counter.heard(again(message));
    expect(counter.core.journal.entries).toHaveLength(before);
  });

  it('an increment, and leaves a part of it, takes the rest back: the repeat hears the first answer', async () => {
    const { counter, second, third } = await played(hold(), increment, { de95: replacement(3_000) });
    expect(third).toEqual(second);
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 23_000 });
  });

  it('a completion takes back the completion, and the hold with it: that is a case', async () => {
    const { counter, third } = await played(hold(), completion);
    expect(third).toMatchObject({ code: '12' });
    expect(counter.payment()).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
    expect(counter.cases()).toContain('hold-reversed');
  });

  it('a tip takes back the tip, and leaves the sale', async () => {
    const { counter, third } = await played(purchase(), tip);
    expect(third).toMatchObject({ code: '12' });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
  });

  it('a void has the sale stand again, where the network was not told', async () => {
    const counter = new Counter();
    const message = voidOf(await counter.heard(purchase()));
    for (const each of [message, reversed(message)]) {
      const answer = counter.asked(each);
      await counter.core.clock.advance(100);
      expect(await answer).toMatchObject({ de39: '00' });
    }
    const third = counter.asked(again(message));
    await counter.core.clock.advance(100);
    expect(await third).toMatchObject({ de39: '12' });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
  });

  it('one of several completions takes back none: the case is left of it', async () => {
    const counter = new Counter({}, SEVERAL);
    const held = await counter.heard(hold());
    const first = { ...completion(held), de4: '000000005000', de60: '0102' };
    await counter.heard(first);
    await counter.heard({ ...first, de11: '000041', de7: '1123124100', de12: '134100', de60: '0202' });
    await counter.heard(reversed(first, { de4: undefined }));
    await counter.heard(again(first));
    expect(counter.payment()).toMatchObject({ state: 'captured', standingMinorUnits: 10_000 });
    expect(counter.cases()).toEqual(['reversal-unmatched']);
  });
});

describe('a listener whose terminals give the part to take back in DE4', () => {
  const BY_AMOUNT = { reversalAmount: 'part' } as const;

  it('has an increment taken back by all of its amount', async () => {
    const counter = new Counter();
    const message = increment(await counter.heard(hold(), BY_AMOUNT));
    await counter.heard(message, BY_AMOUNT);
    const named = { de90: originalElements('0100', '000040', '1123124000') };
    expect(await counter.heard(reversed(message, named), BY_AMOUNT)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 20_000 });
  });

  it('or by a part of it', async () => {
    const counter = new Counter();
    const message = increment(await counter.heard(hold(), BY_AMOUNT));
    await counter.heard(message, BY_AMOUNT);
    const named = { de4: '000000002000', de90: originalElements('0100', '000040', '1123124000') };
    expect(await counter.heard(reversed(message, named), BY_AMOUNT)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 23_000 });
  });

  it('has a tip taken back by its own share', async () => {
    const counter = new Counter();
    const message = tip(await counter.heard(purchase(), BY_AMOUNT));
    await counter.heard(message, BY_AMOUNT);
    const named = { de4: '000000000400', de90: originalElements('0220', '000040', '1123124000') };
    expect(await counter.heard(reversed(message, named), BY_AMOUNT)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
    const less = { ...named, de11: '000091', de4: '000000000300' };
    expect(await counter.heard(reversed(message, less), BY_AMOUNT)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
  });
});

describe('DE95 of the reversal of a tip', () => {
  it('may say what remains without the tip, and nothing else', async () => {
    for (const [remaining, code, standing] of [
      [2_500, '00', 2_500],
      [2_600, '13', 2_900],
    ] as const) {
      const counter = new Counter();
      const message = tip(await counter.heard(purchase()));
      await counter.heard(message);
      const named = {
        de90: originalElements('0220', '000040', '1123124000'),
        de95: replacement(remaining),
      };
      expect(await counter.heard(reversed(message, named))).toMatchObject({ code });
      expect(counter.payment()).toMatchObject({ standingMinorUnits: standing });
    }
  });
});

it('what its reversal has overtaken is not refused before its other names are durable', async () => {
  const counter = new Counter();
  const sale = await counter.heard(purchase());
  const unsaid = { de12: undefined, de13: undefined, de4: undefined };
  const de90 = originalElements('0200', '000003', '1123120600');
  await counter.heard(reversal({ ...unsaid, de3: '020000', de11: '000004', de7: '1123120700', de90 }));
  const { journal, clock } = counter.core;
  const append = journal.append.bind(journal);
  journal.append = async (entry, deadline) => {
    if (entry.kind === 'named-again') await delay(clock, 50);
    return append(entry, deadline);
  };

  const heard = vi.fn();
  void counter.asked(voidOf(sale)).then(heard);
  await clock.advance(40);
  expect(heard).not.toHaveBeenCalled();
  await clock.advance(40);
  expect(heard).toHaveBeenCalledWith(expect.objectContaining({ de39: '12' }));
  expect(journal.entries.at(-1)).toMatchObject({ kind: 'named-again' });
});
