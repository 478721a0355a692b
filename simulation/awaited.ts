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
    name: 'reverses-for-another-card',
    because: 'what the numbers lead to is taken back, whatever card the reversal names',
    seed: 1,
  },
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
    name: 'other-port',
    because: 'a repeat on the second address is charged again, and a batch is counted for each address apart',
    seed: 1,
  },
  {
    name: 'new-de7-on-repeat',
    because: 'a reversal that names the repeat finds nothing',
    seed: 1,
  },
  {
    name: 'rrn-for-a-day',
    because: 'the approval code does not decide among several payments of one reference',
    seed: 1,
  },
  {
    name: 'de90-without-time',
    because: 'the reversal finds nothing, and the customer stays charged',
    seed: 1,
  },
  {
    name: 'de90-local-time',
    because: 'in a time zone the reversal finds nothing, and the customer stays charged',
    seed: 106,
  },
  {
    name: 'de90-of-the-repeat',
    because: 'the reversal finds nothing, and the customer stays charged',
    seed: 2,
  },
  {
    name: 'de90-of-zeros',
    because: 'the reversal finds nothing, and the customer stays charged',
    seed: 1,
  },
  {
    name: 'no-de90',
    because: 'the reversal finds nothing, and the customer stays charged',
    seed: 1,
  },
  {
    name: 'other-till',
    because: 'what another till of the same merchant sold cannot be voided',
    seed: 1,
  },
  {
    name: 'same-de41',
    because: 'what another merchant sold can be voided',
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
