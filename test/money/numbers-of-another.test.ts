import { describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, purchase, voidOf } from './core-cases.ts';

// A void, tip, increment or completion under the numbers of one that was answered, and about another payment: it is no
// repeat, and the answer of before would say that something was done which was not.

const FIRST = { de37: '632812000555' };
const SECOND = { de37: '632812000556', de11: '000050', de7: '1123120050', de12: '130050' };
const NUMBERS = { de11: '000020', de7: '1123140000', de12: '150000' };

const MESSAGES: [what: string, sold: Partial<TerminalMessage>, about: (of: string) => TerminalMessage][] = [
  ['void', {}, (rrn) => voidOf({ rrn }, NUMBERS)],
  ['tip', {}, (de37) => purchase({ mti: '0220', de3: '020000', de4: '000000002600', de37, ...NUMBERS })],
  [
    'completion',
    { mti: '0100', de25: '06' },
    (de37) => purchase({ mti: '0220', de25: '06', de37, ...NUMBERS }),
  ],
];

describe.each(MESSAGES)('a %s with the numbers of another', (_, sold, about) => {
  const twoSold = async () => {
    const counter = new Counter();
    await counter.heard(purchase({ ...FIRST, ...sold }));
    await counter.heard(purchase({ ...SECOND, ...sold }));
    expect((await counter.heard(about(FIRST.de37))).code).toBe('00');
    return counter;
  };

  it('is refused, first and repeated', async () => {
    const counter = await twoSold();
    const before = counter.payment(1);
    for (const mti of [about('').mti, `${about('').mti.slice(0, 3)}1`]) {
      expect((await counter.heard({ ...about(SECOND.de37), mti })).code).toBe('94');
    }
    expect(counter.payment(1)).toMatchObject({ version: before.version });
  });

  it('is a repeat where it names the same', async () => {
    const counter = await twoSold();
    expect((await counter.heard(about(FIRST.de37))).code).toBe('00');
  });

  it('is a repeat where the terminal gives all of its payments one reference', async () => {
    const counter = new Counter();
    await counter.heard(purchase({ ...FIRST, ...sold }));
    await counter.heard(about(FIRST.de37));
    await counter.heard(purchase({ ...SECOND, ...FIRST, ...sold }));
    expect((await counter.heard(about(FIRST.de37))).code).toBe('00');
  });
});
