import type { FollowUp, NewEntry } from '../journal/journal.ts';
import type { DecidedBody, OpeningBody } from './entries.ts';
import type { FollowUpTask } from './outcome-table.ts';

/**
 * The second entry of a transaction, together with the work that it implies: one commit makes both durable.
 * @param finalityMs after how long a proof that was accepted is looked at for the first time
 */
export function decisionEntry(
  { facts, network }: OpeningBody,
  body: DecidedBody,
  finalityMs: number,
): NewEntry {
  const { transaction } = facts;
  const followUps = body.followUps.map((task) => {
    const runAfterMs = task === 'complete-pop' && body.pop.status === 'accepted' ? finalityMs : 0;
    return { ...followUp(transaction, task, network), runAfterMs };
  });
  return { transaction, version: 2, kind: 'decided', body, followUps };
}

export const POP_LANE = 'pop';
export const networkLane = (network: string) => `network/${network}`;

const COUNTERPART: Record<FollowUpTask, 'network' | 'pop'> = {
  'reverse-network': 'network',
  'advise-network': 'network',
  'close-increment': 'network',
  'complete-pop': 'pop',
  'cancel-pop': 'pop',
};

/** Work towards one counterpart stays in that counterpart's lane: a slow one does not hold up the others. */
export function followUp(transaction: string, task: FollowUpTask, network: string): FollowUp {
  const lane = COUNTERPART[task] === 'network' ? networkLane(network) : POP_LANE;
  return { task, transaction, lane };
}
