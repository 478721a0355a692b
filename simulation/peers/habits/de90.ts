import type { TerminalMessage } from '../terminal-dialects.ts';
import type { Habit } from './habit.ts';

// Terminals name what they reverse in many ways. All of the numbers are in the original.

const NO_TIME = '0'.repeat(10);
/** Of the reversals of a terminal that has the habit. */
const OFTEN = 0.7;

/** The STAN is right, the time is not given. */
export const DE90_WITHOUT_TIME = {
  name: 'de90-without-time',
  says: 'reverses with a DE90 whose time is zeros, and repeats the original local date and time',
  share: 0.12,
  terminal: {
    reverses: (message, _, opened, random) =>
      message.de90 && random.chance(OFTEN)
        ? { ...message, ...localTimeOf(opened), de90: { ...message.de90, transmission: NO_TIME } }
        : message,
  },
} as const satisfies Habit;

export const DE90_LOCAL_TIME = {
  name: 'de90-local-time',
  says: 'reverses with a DE90 that has the local date and time of the original',
  share: 0.12,
  terminal: {
    reverses: (message, _, { de12 = '', de13 = '' }, random) =>
      message.de90 && random.chance(OFTEN)
        ? { ...message, de90: { ...message.de90, transmission: `${de13}${de12}` } }
        : message,
  },
} as const satisfies Habit;

/** What a terminal keeps is what it sent last: message type and time of the repeat. */
export const DE90_OF_THE_REPEAT = {
  name: 'de90-of-the-repeat',
  says: 'reverses what it sent last: DE90 names the repeat',
  share: 0.15,
  terminal: {
    reverses: (message, { mti, de7 = '' }, _, random) =>
      message.de90 && random.chance(OFTEN)
        ? { ...message, de90: { ...message.de90, mti, transmission: de7 } }
        : message,
  },
} as const satisfies Habit;

/** Then STAN, DE7, DE12 and DE13 of the reversal are the original's, and DE37: of a refund that is its sale's. */
export const NO_DE90 = {
  name: 'no-de90',
  says: 'reverses without DE90, by the numbers of the original',
  share: 0.12,
  terminal: {
    reverses(message, _, opened, random) {
      if (message.de95 || !random.chance(OFTEN)) return message;
      const { de90: _named, ...rest } = message;
      return { ...rest, ...numbersOf(opened) };
    },
  },
} as const satisfies Habit;

export const DE90_OF_ZEROS = {
  name: 'de90-of-zeros',
  says: 'reverses with a DE90 of zeros, by the numbers of the original',
  share: 0.12,
  terminal: {
    reverses: (message, _, opened, random) =>
      message.de90 && !message.de95 && random.chance(OFTEN)
        ? {
            ...message,
            ...numbersOf(opened),
            de90: { ...message.de90, stan: '000000', transmission: NO_TIME },
          }
        : message,
  },
} as const satisfies Habit;

/** It remembers the slip and not what it sent: STAN, date and time of the reversal are its own. Of references that it
 * gave itself several payments may have one. */
export const DE37_FOR_DE90 = {
  name: 'de37-for-de90',
  says: 'reverses with a DE90 of zeros, by the retrieval reference that it was answered with',
  share: 0.12,
  terminal: {
    reverses: (message, { de37: given }, { de37 }, random) =>
      message.de90 && given === undefined && de37 !== undefined && random.chance(OFTEN)
        ? { ...message, de37, de90: { ...message.de90, stan: '000000', transmission: NO_TIME } }
        : message,
  },
} as const satisfies Habit;

function localTimeOf({ de12, de13 }: TerminalMessage) {
  return { de12, de13 };
}

function numbersOf({ de7, de11, de12, de13, de37 }: TerminalMessage) {
  return { de7, de11, de12, de13, ...(de37 !== undefined && { de37 }) };
}
