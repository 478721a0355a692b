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
export const AWAITED: readonly Awaited[] = [];

const NAMES: ReadonlySet<string> = new Set(AWAITED.map(({ name }) => name));

export function isAwaited(name: HabitName): boolean {
  return NAMES.has(name);
}
