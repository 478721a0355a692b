import type { SchemeRules } from '../../connectors/index.ts';
import { SWITCH_ERRORS } from '../errors.ts';
import { followUpsOf } from '../transaction/decision-entry.ts';
import type { AnsweredBody } from '../transaction/entries.ts';
import type { Transaction, VoidOf } from '../transaction/fold.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';
import type { UndoneOrAnswered } from './undo.ts';

// Who reverses a void says that it does not know of its void: it has heard no answer. Then the sale stands again, while
// the network has not been told otherwise: its reversal waits some seconds for this very message. Once it was told, few
// networks let it stand again (DE95), so the terminal is refused and people see which payment it is about. To
// take it for a reversal of the sale, as its numbers in the journal would have it, was rejected: it says the opposite.

/** @param rules of the payment's network */
export function reverseVoid(
  found: Transaction,
  voided: VoidOf,
  { key, reply }: AnsweredBody,
  rules: Pick<SchemeRules, 'reinstatement'> | undefined,
): UndoneOrAnswered {
  const isLatest = voided === found.voids.at(-1);
  if (voided.isReversed || !isLatest || found.takenBack !== 'void') return { reply };

  // What a refund gave back has been free again since, for another refund, or for a void of the sale itself.
  const isRefund = found.opening?.facts.kind === 'refund';
  if (isRefund || (voided.isTold && !rules?.reinstatement)) {
    const refused = { ...reply, code: SWITCH_ERRORS.SW_ORIGINAL_STATE.responseCode };
    return { reply: refused, entry: { kind: 'void-reversed-late', body: { key, reply: refused } } };
  }
  const { id, opening, popParties } = found;
  const tasks: FollowUpTask[] = voided.isTold ? ['reverse-network'] : [];
  if (popParties) tasks.push('complete-pop');
  const followUps = opening ? followUpsOf(id, tasks, opening.network) : [];
  return { reply, entry: { kind: 'void-reversed', body: { key, reply, void: voided.key }, followUps } };
}
