import { OPENING_REPLY, type Transaction } from './fold.ts';

/**
 * What was approved of a transaction, all that was added to it included; of what was told afterwards, what was told.
 */
export function authorisedMinorUnits({ opening, replies, increments }: Transaction): number {
  const asked = opening?.facts.amount.minorUnits ?? 0;
  const first = replies.get(OPENING_REPLY)?.approvedMinorUnits ?? asked;
  return increments
    .filter(({ state }) => state === 'approved')
    .map(({ key, facts }) => replies.get(key)?.approvedMinorUnits ?? facts.amount.minorUnits)
    .reduce((sum, added) => sum + added, first);
}

/** Approved in part, or as a final amount: more than that is never taken. */
export function isApprovedExactly({ opening, replies, increments }: Transaction): boolean {
  const keys = [
    OPENING_REPLY,
    ...increments.filter(({ state }) => state === 'approved').map(({ key }) => key),
  ];
  const isPartial = keys.some((key) => replies.get(key)?.approvedMinorUnits !== undefined);
  return isPartial || opening?.facts.hold?.isFinal === true;
}

/** Whether a message that gives an amount may mean it: as it was asked for, approved, or as it stands. */
export function mayBeOf(transaction: Transaction, minorUnits: number): boolean {
  const { opening, standingMinorUnits } = transaction;
  const asked = opening?.facts.amount.minorUnits ?? 0;
  return [asked, authorisedMinorUnits(transaction), standingMinorUnits].includes(minorUnits);
}
