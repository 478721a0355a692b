import type { Habit } from './habit.ts';

const HOUR_MS = 3_600_000;
/** Slow and fast, by little and by a day: a terminal whose battery is flat, or that nobody ever set. */
const OFF_MS = [-86_400_000, -3 * HOUR_MS, -90_000, 45_000, 2 * HOUR_MS, 20 * HOUR_MS] as const;

export const OTHER_CLOCK = {
  name: 'other-clock',
  says: 'has a clock that is wrong by seconds to a day, in all that it says of time',
  share: 0.12,
  terminal: {
    clock: (random) => ({ offMs: random.chance(0.5) ? random.pick(OFF_MS) : 0, zoneMs: 0 }),
  },
} as const satisfies Habit;
