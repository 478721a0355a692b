import { DAY_MS } from '../../runtime/index.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { Transaction } from './fold.ts';
import { isLast } from './several-completions.ts';

// A pre-authorisation has an end, which was written down when it was asked for. One keeper watches all of them
// (`follow-up/hold-keeper.ts`): the merchant is told before the end, and at the end what is left is given back. A job
// in the queue for each was rejected: it would lie there for thirty days.

/** Before the end the merchant is told: as long as that, or a fifth of its life where that is less. */
const WARNING_MS = 2 * DAY_MS;
const WARNING_SHARE = 0.2;

/** A hold that is not over. */
export interface OpenHold {
  readonly transaction: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** When something is to be done about it: the merchant is told, or it is over. */
  readonly dueAt: number;
}

/** @returns nothing where nothing is held any more that could come to its end. */
export function openHold(
  { id, opening, holdUntil: until, isHoldWarned, ...rest }: Transaction,
  entries: readonly Pick<JournalEntry, 'at'>[],
): OpenHold | undefined {
  if (opening?.facts.kind !== 'pre-authorisation' || until === undefined || !isHeld(rest)) return undefined;
  const [first] = entries;
  const dueAt = isHoldWarned || !first ? until : warningAt(first.at, until);
  return { transaction: id, until, dueAt };
}

function warningAt(openedAt: number, until: number): number {
  return until - Math.min(WARNING_MS, (until - openedAt) * WARNING_SHARE);
}

/** All of it, or what further completions may yet take. */
export function isHeld({
  state,
  tellings,
  isHoldExpired,
  networkMinorUnits,
  standingMinorUnits,
}: Pick<
  Transaction,
  'state' | 'tellings' | 'isHoldExpired' | 'networkMinorUnits' | 'standingMinorUnits'
>): boolean {
  if (isHoldExpired) return false;
  if (state === 'approved') return true;
  const parts = tellings.flatMap(({ part }) => part ?? []);
  return (
    state === 'captured' && parts.length > 0 && !parts.some(isLast) && networkMinorUnits > standingMinorUnits
  );
}

/** Whether it is over, be that written down already or not. */
export function isHoldOver(
  { holdUntil, state }: Pick<Transaction, 'holdUntil' | 'state'>,
  now: number,
): boolean {
  return state === 'expired' || (holdUntil !== undefined && holdUntil <= now);
}
