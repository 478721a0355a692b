import type { MovementRow } from '../projection/movement-rows.ts';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import { ACCOUNTS, type Accounts, accountsOf, NOTHING } from '../transaction/movements.ts';
import type { Difference } from './difference.ts';

// A transaction as it was at the end of a business day, and what it became since. A day's ledger must show what was
// then: a sale that was voided the day after is no difference, neither in the ledger of its day, which does not know
// of the void, nor in one that goes on to the next. To compare an old day with what stands now was the rule before,
// and sent reversals for what had been reversed long ago.

export interface DayStates {
  /** It was opened on the day, or on an earlier one and moved on this. */
  readonly isOpenedThen: boolean;
  /** At the end of the day first; then after each later movement, up to now. */
  readonly since: readonly Accounts[];
  /** Within the day, before its last movement. */
  readonly within: readonly Accounts[];
  /** At the end of the day before. */
  readonly before: Accounts;
}

/** @param movements of the day and of later ones, the oldest first; null for `date` is now */
export function dayStates(
  row: StoredTransaction,
  movements: readonly MovementRow[],
  date: string | null,
): DayStates {
  const now = accountsOf(row.kind, row.state, row.standing);
  if (date === null) return { isOpenedThen: true, since: [now], within: [], before: NOTHING };

  const since = [now];
  const within: Accounts[] = [];
  let state = now;
  for (const movement of movements.toReversed()) {
    state = { ...state, [movement.account]: state[movement.account] - movement.amount };
    if (movement.business_date > date) since.unshift(state);
    else within.push(state);
  }
  const isOpenedThen = row.business_date >= date;
  return { isOpenedThen, since, within, before: isOpenedThen ? NOTHING : state };
}

/** Whether nothing moved after the day. */
export function isLatest({ since }: DayStates): boolean {
  return since.length === 1;
}

/** What stood at the end of the day. */
export function endOfDay({ since }: DayStates): Accounts {
  return since[0] ?? NOTHING;
}

/** The transaction as it was in that state. */
export function rowIn(row: StoredTransaction, state: Accounts): StoredTransaction {
  const standing = ACCOUNTS.reduce((sum, account) => sum + state[account], 0);
  if (standing === row.standing) return row;
  const isHeld = row.kind === 'pre-authorisation' && state.held > 0;
  const stood = row.kind === 'pre-authorisation' && !isHeld ? 'captured' : 'approved';
  return { ...row, standing, state: standing > 0 ? stood : row.state };
}

export function less(from: Accounts, what: Accounts): Accounts {
  return {
    held: from.held - what.held,
    captured: from.captured - what.captured,
    refunded: from.refunded - what.refunded,
  };
}

export function isSame(one: Accounts, other: Accounts): boolean {
  return ACCOUNTS.every((account) => one[account] === other[account]);
}

/** A difference of a day that is over is for people: what is true now may be another thing. */
export function forPeople(difference: Difference): Difference {
  return { ...difference, action: 'by-hand', isAutomatic: false, isUnderWay: false };
}
