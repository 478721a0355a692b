import type { TransactionId } from '../journal/journal.ts';

export interface FollowUpJob {
  readonly transaction: TransactionId;
  /** 1 at first. */
  readonly attempt: number;
  /** This attempt was begun before, by a worker that did not end it: what it sent, if anything, is not known. */
  readonly isRestarted?: boolean;
  readonly lane: string;
}

/** `retryAfterMs`: again, as the next attempt. `park`: the reason for which people must look at it. */
export type FollowUpResult =
  | { readonly done: true }
  | { readonly retryAfterMs: number }
  | { readonly park: string };

export type FollowUpTask = (job: FollowUpJob) => Promise<FollowUpResult>;

/** Whether the other side may have heard of it before: then it is told that this is a repeat. */
export function mayRepeat({ attempt, isRestarted = false }: FollowUpJob): boolean {
  return attempt > 1 || isRestarted;
}
