import type { Ports } from '../ports.ts';
import { foldTransaction } from '../transaction/fold.ts';
import { openHold } from '../transaction/hold.ts';
import type { DueHolds } from './due-holds.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import type { Retry } from './retry-policy.ts';

export type WatchHoldPorts = Pick<Ports, 'journal' | 'log'> & {
  readonly retry: Retry;
  /** Absent: no keeper watches over holds here. */
  readonly holds?: DueHolds;
};

/**
 * Gives a hold to its keeper. It is queued in the commit that approves the hold, so that none is without its end,
 * however far the projection is behind, which has the same row in time and takes it away.
 */
export async function watchHold(
  job: FollowUpJob,
  { journal, holds, retry }: WatchHoldPorts,
): Promise<FollowUpResult> {
  if (!holds) return { done: true };
  const entries = await journal.history(job.transaction);
  const folded = foldTransaction(entries);
  const hold = folded && openHold(folded, entries);
  if (!hold) return { done: true };

  try {
    await holds.watch(hold);
    return { done: true };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return retry.again(job.attempt, `the hold cannot be written: ${why}`);
  }
}
