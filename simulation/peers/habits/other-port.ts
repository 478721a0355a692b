import type { Habit } from './habit.ts';

/** A terminal has two addresses of the switch. Connecting anew it may take the other one: another port and dialect. */
export const OTHER_PORT = {
  name: 'other-port',
  says: 'calls on its second address now and then, from one message to its repeat',
  share: 0.2,
  terminal: {
    calls(own, all, random) {
      const alike = all.filter(({ mac }) => mac === own.mac);
      return random.chance(0.5) ? own : (alike[random.integer(alike.length)] ?? own);
    },
  },
} as const satisfies Habit;
