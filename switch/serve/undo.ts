import { Refusal } from '../errors.ts';
import type { FollowUp } from '../journal/journal.ts';
import type { NextEntry } from '../transaction/append-next.ts';
import { followUpsOf } from '../transaction/decision-entry.ts';
import type { AnsweredBody, EntryBodies, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import type { Increment } from '../transaction/increments.ts';
import { stands, stateAfter } from '../transaction/life-cycle.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';
import { isVoided } from '../transaction/voids.ts';

// What is written to a payment that is taken back, and what has to be done for it behind the answer: network and
// consensus are made to hold what stands then.

export interface Undone {
  readonly reply: ReplyFields;
  readonly entry: NextEntry;
}

/** Where nothing is left to undo it is answered, and nothing is written. */
export type UndoneOrAnswered = Undone | Pick<Undone, 'reply'>;

/**
 * Takes a payment back, or down to what remains of it.
 * @param waitMs before the network is told
 * @throws Refusal SW_AMOUNT
 */
export function takeBack(
  found: Transaction,
  body: EntryBodies['taken-back'],
  remainingMinorUnits: number,
  waitMs = 0,
): Undone {
  const { key, reply } = body;
  const isStanding = stands(found.state);
  if (remainingMinorUnits > 0 && isStanding) {
    if (remainingMinorUnits >= found.standingMinorUnits) throw new Refusal('SW_AMOUNT', { element: 'DE95' });
    const followUps = undoing(found, 'complete-pop');
    return {
      reply,
      entry: { kind: 'partly-taken-back', body: { key, reply, remainingMinorUnits }, followUps },
    };
  }

  // The void's own reversal may yet come: then the rest stands again, and no more.
  if (remainingMinorUnits > 0 && isVoided(found)) {
    return { reply, entry: { kind: 'partly-taken-back', body: { key, reply, remainingMinorUnits } } };
  }

  const undone = isStanding || found.state === 'intended' ? undoing(found, 'cancel-pop') : [];
  const followUps = waitMs === 0 ? undone : undone.map((each) => ({ ...each, runAfterMs: waitMs }));
  return { reply, entry: { kind: 'taken-back', body, followUps } };
}

/**
 * A reversal of what was added to a pre-authorisation leaves the rest as it is. Once that is completed there is nothing
 * left of it to take back: the completion is reversed instead.
 */
export function takeIncrementBack(
  found: Transaction,
  { key: increment, state, standingMinorUnits }: Increment,
  remainingMinorUnits: number,
  { reply, key }: AnsweredBody,
): UndoneOrAnswered {
  if (state === 'closed' || !stateAfter(found.state, 'increment-taken-back')) {
    if (found.state === 'captured' && state === 'approved') {
      throw new Refusal('SW_ORIGINAL_STATE', { state: found.state });
    }
    return { reply };
  }

  if (remainingMinorUnits > 0 && (state === 'open' || remainingMinorUnits >= standingMinorUnits)) {
    throw new Refusal('SW_AMOUNT', { element: 'DE95' });
  }
  const body = { key, reply, increment, remainingMinorUnits };
  // Where a void took all of it back, the void's own follow-up reverses it, and waits for that.
  const followUps = found.state === 'taken-back' ? [] : undoing(found);
  return { reply, entry: { kind: 'increment-taken-back', body, followUps } };
}

/** @param proof what becomes of its proof, where it has one: it must witness what stands, no more */
function undoing(
  { id, opening, popParties }: Transaction,
  proof?: 'cancel-pop' | 'complete-pop',
): FollowUp[] {
  if (!opening) return [];
  const tasks: FollowUpTask[] = proof && popParties ? ['reverse-network', proof] : ['reverse-network'];
  return followUpsOf(id, tasks, opening.network);
}
