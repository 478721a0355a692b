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
