import type { NextEntry } from '../transaction/append-next.ts';
import { followUpsOf } from '../transaction/decision-entry.ts';
import type { EntryBodies } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';

/** A sale has another amount: network and consensus are told of what stands now. */
export function adjustedEntry(
  { id, opening, popParties }: Transaction,
  body: EntryBodies['adjusted'],
): NextEntry {
  const tasks: FollowUpTask[] = popParties ? ['advise-network', 'complete-pop'] : ['advise-network'];
  const followUps = opening ? followUpsOf(id, tasks, opening.network) : [];
  return { kind: 'adjusted', body, followUps };
}
