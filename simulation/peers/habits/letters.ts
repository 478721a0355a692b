import { Bytes } from '../../../messages/index.ts';
import type { HostMessage } from '../../../simulators/network/host-dialect.ts';
import type { Habit } from './habit.ts';

/** ASCII, for bytes that are put in as the message leaves: see `withLetters`. */
const NAME = 'CAF# RENE 12 RUE       PARIS        75FR';
const NOTE = 'M##LLER AND SONS';

/** DE43 in Latin-1, DE48 in UTF-8: any shop in France, and what it says of itself. No sale may cost that. */
export const LETTERS = {
  name: 'letters',
  says: 'has letters outside ASCII in DE43 or DE48',
  share: 0.15,
  terminal: {
    opens(message, _, random) {
      if (!random.chance(0.6)) return message;
      return random.chance(0.5) ? { ...message, de43: NAME } : { ...message, de48: NOTE };
    },
  },
} as const satisfies Habit;

/** What it says to the cashier, in the letters of its country; it decides nothing. */
export const LETTERS_IN_ANSWERS = {
  name: 'letters-in-answers',
  says: 'answers with letters outside ASCII in DE44',
  share: 0.15,
  network: {
    answers: (reply, { network, message }) =>
      network === 'iso87' && !message.mti.startsWith('08')
        ? ({ ...reply, de44: 'CAF# PARIS' } as HostMessage)
        : reply,
  },
} as const satisfies Habit;

/** TLV whose length goes beyond its end. */
const NO_CHIP_DATA = Bytes.of(Buffer.from('9f2608aabb', 'hex'));

export const GARBLED_CHIP = {
  name: 'garbled-chip',
  says: 'sends chip data that is none: it must be refused for its form',
  share: 0.1,
  terminal: {
    opens: (message, { kind }, random) =>
      isAsked(kind) && random.chance(0.15) ? { ...message, de55: NO_CHIP_DATA } : message,
  },
} as const satisfies Habit;

function isAsked(kind: string): boolean {
  return kind !== 'offline' && kind !== 'refund-advice';
}
