import type { HabitOfTerminals } from '../peers/habits/habit.ts';

const OFTEN = 0.6;

/**
 * What was added to a hold has the hold's reference, and numbers of its own. Whoever takes it back without DE90 names
 * both, and means what was added.
 */
export const INCREMENT_NAMES: HabitOfTerminals = {
  name: 'increment-names',
  terminal: {
    reverses(message, _, { mti, de7, de11, de12, de13, de37, de38 }, random) {
      const isAdded = mti.startsWith('0100') && de37 !== undefined && de38 !== undefined;
      if (!isAdded || message.de95 || !random.chance(OFTEN)) return message;
      const { de90: _named, ...rest } = message;
      return { ...rest, de7, de11, de12, de13, de37 };
    },
  },
};
