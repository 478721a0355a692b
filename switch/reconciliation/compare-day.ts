import { NOTHING } from '../transaction/movements.ts';
import { type DayStates, endOfDay, forPeople, isLatest, isSame, less, rowIn } from './day-states.ts';
import type { Difference } from './difference.ts';
import { movementDiffers, type NetworkPair, networkDifference } from './network-side.ts';
import { type ProofPair, proofDifference } from './proof-side.ts';
import type { Compared } from './totals.ts';

// One business day compared. A ledger shows a transaction as it was at the end of the day, or at a later moment that it
// reaches to; and of what was opened before, either all of it or the day's movements alone. Any of these agrees. What
// agrees with none is a difference of the day, and is put right by people where it has moved since.

/** @param hasHolds whether the ledger says what is only held */
export function networkOfDay(
  pair: NetworkPair,
  states: DayStates,
  { date, hasHolds }: { readonly date: string; readonly hasHolds: boolean },
): Compared<NetworkPair> {
  const { row, position } = pair;
  if (!row) return { pair, difference: networkDifference(pair) };
  const seen = (state: typeof NOTHING) => (hasHolds ? state : { ...state, held: 0 });
  // A clearing file may leave out what was taken back before it was made.
  const isPart = !states.isOpenedThen;
  const from = isPart ? (position || !hasHolds ? [NOTHING, states.before] : [states.before]) : [NOTHING];
  const possible = states.since.flatMap((state) => from.map((before) => seen(less(state, before))));
  const isComparable = !position || position.currency === row.currency;
  const agreed = isComparable && possible.find((expected) => isSame(expected, position ?? NOTHING));
  if (agreed) return { pair: { ...pair, expected: agreed }, difference: undefined };

  if (isPart && !(position && position.businessDate < date)) {
    const expected = seen(less(endOfDay(states), states.before));
    return { pair: { ...pair, expected }, difference: movementDiffers(row, position, expected, date) };
  }
  const then = { row: rowIn(row, endOfDay(states)), position, expected: seen(endOfDay(states)) };
  const difference = networkDifference(then);
  // What the network acknowledged within the day it may have booked on its next.
  const isAcknowledged = row.network_amount === row.standing;
  const isBookedLater =
    isAcknowledged && states.within.some((state) => isSame(seen(state), position ?? NOTHING));
  return { pair: then, difference: dated(difference, date, isLatest(states) && !isBookedLater) };
}

/** @returns nothing where the proof is the affair of another day */
export function proofOfDay(
  pair: ProofPair,
  states: DayStates,
  date: string,
): Compared<ProofPair> | undefined {
  const { row, proof } = pair;
  if (!row) return { pair, difference: proofDifference(pair) };
  if (!states.isOpenedThen && !proof) return undefined;
  for (const state of states.since) {
    const then = { row: rowIn(row, state), proof };
    if (!proofDifference(then)) return { pair: then, difference: undefined };
  }
  const then = { row: rowIn(row, endOfDay(states)), proof };
  return { pair: then, difference: dated(proofDifference(then), date, isLatest(states)) };
}

function dated(difference: Difference | undefined, date: string, isStillSo: boolean): Difference | undefined {
  if (!difference) return undefined;
  const ofDay = { ...difference, businessDate: date };
  return isStillSo ? ofDay : forPeople(ofDay);
}
