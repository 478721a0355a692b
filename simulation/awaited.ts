import type { HabitName } from './peers/habits/all-habits.ts';

/** A habit that the core does not bear yet. */
interface Awaited {
  readonly name: HabitName;
  /** What goes wrong, as its oracle says it. */
  readonly because: string;
  /** A seed that shows it: `npm run sim -- --seed S --with NAME`. */
  readonly seed: number;
}

/**
 * Habits that are off in every campaign until the core bears them; `--with NAME` switches one on. Whoever mends the
 * core takes its line away.
 */
export const AWAITED: readonly Awaited[] = [
  {
    name: 'tips',
    because: 'a tip is booked as a sale of its own',
    seed: 2,
  },
  {
    name: 'refund-advices',
    because: 'a refund that is told of is booked as a sale',
    seed: 1,
  },
  {
    name: 'void-reversed',
    because: 'the reversal of a void finds nothing, or the sale where the STAN of a refused void is the same',
    seed: 1,
  },
];

const NAMES: ReadonlySet<string> = new Set(AWAITED.map(({ name }) => name));

export function isAwaited(name: HabitName): boolean {
  return NAMES.has(name);
}
