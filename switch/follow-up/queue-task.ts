import type { TransactionId } from '../journal/journal.ts';

export interface FollowUpJob {
  readonly transaction: TransactionId;
  /** 1 at first. */
  readonly attempt: number;
  readonly lane: string;
}

/** `retryAfterMs`: again, as the next attempt. `park`: the reason for which people must look at it. */
export type FollowUpResult =
  | { readonly done: true }
  | { readonly retryAfterMs: number }
  | { readonly park: string };

export type FollowUpTask = (job: FollowUpJob) => Promise<FollowUpResult>;
