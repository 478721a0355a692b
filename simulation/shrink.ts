import type { Fault } from './faults.ts';
import type { Features } from './features.ts';
import type { HabitName } from './peers/habits/all-habits.ts';
import { type RunOptions, type RunResult, runSeed } from './run.ts';

/** What is left of a failing seed. */
export interface Shrunk {
  /** Numbers of the payments that are left, from 0. */
  readonly payments: readonly number[];
  readonly faults: readonly Fault[];
  readonly habits: readonly HabitName[];
  /** Runs that it took. */
  readonly tries: number;
  readonly result: RunResult;
}

/** A run takes a tenth of a second, a reader's patience a minute. */
const MOST_TRIES = 250;

interface Case {
  readonly payments: readonly number[];
  readonly faults: readonly Fault[];
  readonly habits: readonly HabitName[];
}

/**
 * Takes away from a failing seed what it fails without: payments, faults, habits, each in halves and then one by one,
 * until nothing more can go. What fails otherwise than the seed did does not count. Each payment has chance of its own,
 * so most of a run stays as it was when others are left out; where nothing but the whole fails, the whole is kept.
 */
export async function shrink(options: Pick<RunOptions, 'seed' | 'forced' | 'mutant'>): Promise<Shrunk> {
  const whole = await runSeed(options);
  const wanted = whole.violations[0]?.invariant;
  const { features } = whole;
  let tries = 0;

  const run = (part: Case, isTold = false) =>
    runSeed({ ...options, ...part, features: featuresOf(part, features), isTold });
  const fails = async (part: Case) => {
    if (tries >= MOST_TRIES) return false;
    tries += 1;
    const { violations } = await run(part);
    return violations.some(({ invariant }) => invariant === wanted);
  };

  const numbers = Array.from({ length: whole.drawn }, (_, number) => number);
  let left: Case = { payments: numbers, faults: whole.faults, habits: [...features.habits] };
  for (let before = -1; sizeOf(left) !== before; ) {
    before = sizeOf(left);
    left = { ...left, faults: await fewest(left.faults, (faults) => fails({ ...left, faults })) };
    left = { ...left, payments: await fewest(left.payments, (payments) => fails({ ...left, payments })) };
    left = { ...left, habits: await fewest(left.habits, (habits) => fails({ ...left, habits })) };
  }
  return { ...left, tries, result: await run(left, true) };
}

function featuresOf({ habits }: Case, features: Features): Features {
  return { ...features, habits: new Set(habits) };
}

function sizeOf({ payments, faults, habits }: Case): number {
  return payments.length + faults.length + habits.length;
}

/** Leaves pieces out, smaller and smaller ones, as long as what remains still fails. */
async function fewest<T>(
  items: readonly T[],
  stillFails: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (items.length > 0 && (await stillFails([]))) return [];
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length; ) {
      const fewer = [...left.slice(0, from), ...left.slice(from + size)];
      if (fewer.length < left.length && fewer.length > 0 && (await stillFails(fewer))) left = fewer;
      else from += size;
    }
  }
  return left;
}
