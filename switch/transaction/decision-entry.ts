import type { FollowUp, NewEntry } from '../journal/journal.ts';
import { leavesProofAwaited } from './awaited-proof.ts';
import type { DecidedBody, OpeningBody } from './entries.ts';
import type { FollowUpTask } from './outcome-table.ts';

/**
 * The second entry of a transaction, together with the work that it implies: one commit makes both durable. A proof
 * that was accepted for what stands needs no work of its own: the projection keeps it, and the sweeper waits for it.
 */
export function decisionEntry(opening: OpeningBody, body: DecidedBody): NewEntry {
  const { transaction, hold } = opening.facts;
  const isAwaited = leavesProofAwaited(opening, body);
  const tasks = hold && body.approved ? [...body.followUps, 'watch-hold' as const] : body.followUps;
  const left = tasks.filter((task) => !(isAwaited && task === 'complete-pop'));
  const followUps = followUpsOf(transaction, left, opening.network);
  return { transaction, version: 2, kind: 'decided', body, followUps };
}

export const POP_LANE = 'pop';
export const networkLane = (network: string) => `network/${network}`;

const COUNTERPART: Record<FollowUpTask, 'network' | 'pop'> = {
  'reverse-network': 'network',
  'advise-network': 'network',
  'close-increment': 'network',
  'watch-hold': 'network',
  'complete-pop': 'pop',
  'cancel-pop': 'pop',
};

/** Work for a transaction, one after the other where it is towards the same counterpart. */
export function followUpsOf(
  transaction: string,
  tasks: readonly FollowUpTask[],
  network: string,
): FollowUp[] {
  return tasks.map((task) => followUp(transaction, task, network));
}

/** Work towards one counterpart stays in that counterpart's lane: a slow one does not hold up the others. */
export function followUp(transaction: string, task: FollowUpTask, network: string): FollowUp {
  const lane = COUNTERPART[task] === 'network' ? networkLane(network) : POP_LANE;
  return { task, transaction, lane };
}
