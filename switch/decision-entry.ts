import type { DecidedBody, OpeningBody } from './entries.ts';
import { OUTBOX_LANES } from './fallback/notices/outbox.ts';
import type { FollowUp, NewEntry } from './journal/journal.ts';
import type { FollowUpTask } from './outcome-table.ts';
import type { Ports } from './ports.ts';

/** The second entry of a transaction, together with the work that it implies: one commit makes both durable. */
export function decisionEntry(
  { facts, network }: OpeningBody,
  body: DecidedBody,
  { pop }: Pick<Ports['settings'], 'pop'>,
): NewEntry {
  const { transaction } = facts;
  const followUps = body.followUps.map((task) => {
    const runAfterMs = task === 'complete-pop' && body.pop.status === 'accepted' ? pop.finalityMs : 0;
    return { ...followUp(transaction, task, network), runAfterMs };
  });
  return { transaction, version: 2, kind: 'decided', body, followUps };
}

const NETWORK_TASKS: ReadonlySet<FollowUpTask> = new Set<FollowUpTask>([
  'reverse-network',
  'advise-network',
  'close-increment',
]);

export const POP_LANE = 'pop';
export const networkLane = (network: string) => `network/${network}`;

/** Work towards one counterpart stays in that counterpart's lane: a slow one does not hold up the others. */
export function followUp(transaction: string, task: FollowUpTask, network: string): FollowUp {
  return { task, transaction, lane: NETWORK_TASKS.has(task) ? networkLane(network) : POP_LANE };
}

/** Every lane that a node with these networks works on. */
export function followUpLanes(networks: Iterable<string>): string[] {
  return [...Array.from(networks, networkLane), POP_LANE, ...Object.values(OUTBOX_LANES)];
}
