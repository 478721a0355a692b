import type { Habit } from './habit.ts';

/** DE7 is when a message was transmitted, and a repeat is transmitted later: many give it one of its own. */
export const NEW_DE7_ON_REPEAT = {
  name: 'new-de7-on-repeat',
  says: 'gives each repeat a DE7 of its own',
  share: 0.2,
  terminal: {
    repeats: (message, { de7 }, random) => (random.chance(0.8) ? { ...message, de7 } : message),
  },
} as const satisfies Habit;
