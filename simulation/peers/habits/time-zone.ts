import type { Habit } from './habit.ts';

const HOUR_MS = 3_600_000;
const ZONES_MS = [-8 * HOUR_MS, HOUR_MS, 5.5 * HOUR_MS, 9 * HOUR_MS] as const;

export const TIME_ZONE = {
  name: 'time-zone',
  says: 'stands in a time zone: DE12 and DE13 are local, DE7 is not',
  share: 0.3,
  terminal: { clock: (random) => ({ offMs: 0, zoneMs: random.pick(ZONES_MS) }) },
} as const satisfies Habit;
