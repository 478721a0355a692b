import { describe, expect, it } from 'vitest';
import type { SchemeRules } from '../../connectors/index.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, originalElements, purchase, replacement, reversal, voidOf } from './core-cases.ts';

// Sequences that nobody has thought of: a payment, what is added to it, completed, tipped, voided and refunded, and
// reversals of any of these messages. However a reversal names what it takes back, the same becomes of all of it.

const RRN = '632812000001';
const SEQUENCES = 120;
const RULES: SchemeRules = {
  maxIncrements: 9,
  overCompletionPercent: {},
  maxCompletions: 9,
  tipPercent: { '5411': 20 },
  holds: [{ days: 5, isExtended: false }],
};

/** The same numbers for the same seed (Numerical Recipes). */
function drawn(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const digits = (value: number, width: number) => String(value).padStart(width, '0');
const amount = (minorUnits: number) => digits(minorUnits, 12);

function numbered(count: number) {
  const time = digits(Math.floor(count / 60), 2) + digits(count % 60, 2);
  return { de11: digits(100 + count, 6), de7: `112313${time}`, de12: `14${time}` };
}

type Naming = (of: TerminalMessage) => Partial<TerminalMessage>;

const repeated: Naming = ({ de7, de11, de12 }) => ({ de7, de11, de12 });
const named =
  (mti: (of: string) => string, sent: (of: TerminalMessage) => string): Naming =>
  (of) => ({ de90: originalElements(mti(of.mti), of.de11, sent(of)) });
const itself = (mti: string) => mti;
const byDe7 = ({ de7 = '' }: TerminalMessage) => de7;
const OTHER_TYPE: Readonly<Record<string, string>> = { '0100': '0200', '0200': '0100', '0220': '0120' };
const NOTHING = originalElements('0000', '000000', '0000000000');

const exactly = named(itself, byDe7);
const NAMINGS: readonly Naming[] = [
  exactly,
  named((mti) => `${mti.slice(0, 3)}1`, byDe7),
  named((mti) => OTHER_TYPE[mti] ?? mti, byDe7),
  named(itself, ({ de12 = '' }) => `1123${de12}`),
  (of) => ({ ...repeated(of), ...named(itself, () => '0000000000')(of), de11: numbered(59).de11, de37: RRN }),
  (of) => ({ ...repeated(of), de90: undefined }),
  (of) => ({ ...repeated(of), de90: undefined, de37: RRN }),
  (of) => ({ ...repeated(of), de90: NOTHING, de37: RRN }),
];

/** What a terminal does next, beside reversing. */
function nextMessage(isHold: boolean, random: () => number, count: number): TerminalMessage {
  const numbers = { de37: RRN, ...numbered(count) };
  const share = 500 * (1 + Math.floor(random() * 20));
  const deed = random();
  if (deed < 0.2) return purchase({ ...numbers, de3: '200000', de4: amount(share) });
  if (deed < 0.4) return voidOf({ rrn: RRN }, { ...numbers, de4: undefined });
  if (!isHold) return purchase({ ...numbers, mti: '0220', de3: '020000', de4: amount(10_000 + share / 10) });
  const about = { ...numbers, de25: '06', de4: amount(share) };
  return purchase(deed < 0.7 ? { ...about, mti: '0100', de38: 'A1B2C3' } : { ...about, mti: '0220' });
}

/** @param naming how each reversal names its original, by a number between 0 and 1 */
async function played(seed: number, naming: (choice: number) => Naming) {
  const random = drawn(seed);
  const counter = new Counter();
  Object.assign(counter.core.ports.networks.get('visa') ?? {}, { rules: RULES });
  const isHold = random() < 0.5;
  const hold = { mti: '0100', de25: '06' };
  const first = purchase({ ...(isHold && hold), de37: RRN, de4: amount(10_000), ...numbered(0) });
  const codes = [(await counter.heard(first)).code];
  const taken = [first];
  for (let count = 1; count < 7; count += 1) {
    if (random() < 0.5) {
      const of = taken[Math.floor(random() * taken.length)] ?? first;
      const says = { de3: of.de3, de25: of.de25, de4: random() < 0.5 ? of.de4 : undefined };
      const part = random() < 0.2 ? { de95: replacement(5_000 - 500 * count) } : {};
      const mti = random() < 0.3 ? '0420' : '0400';
      const own = { mti, ...numbered(count), ...says, ...part };
      codes.push((await counter.heard(reversal({ ...own, ...naming(random())(of) }))).code);
    } else {
      const message = nextMessage(isHold, random, count);
      const { code } = await counter.heard(message);
      codes.push(code);
      // What was refused is nothing, and its reference the payment's.
      if (code === '00') taken.push(message);
    }
  }
  const payments = counter.payments().map(({ state, standingMinorUnits }) => ({ state, standingMinorUnits }));
  return { codes, payments, cases: counter.cases() };
}

describe('whatever a reversal calls its original', () => {
  it('the same becomes of it, and of everything else', { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= SEQUENCES; seed += 1) {
      const right = await played(seed, () => exactly);
      const other = await played(seed, (choice) => NAMINGS[Math.floor(choice * NAMINGS.length)] ?? exactly);
      expect({ seed, ...other }).toEqual({ seed, ...right });
    }
  });
});
