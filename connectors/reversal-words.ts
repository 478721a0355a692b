/**
 * What a reversal says of the payment that it takes back, as data of its network. Networks find the payment by the
 * amount too, and each wants its own: what was asked where nothing came back, what was approved where less was, what
 * was taken where a hold was completed. Public sources differ, so a licensed table may take the place of any row.
 */

/** What the payment went through before it is reversed; the last of these that happened counts. */
export type ReversedAfter = 'no-answer' | 'approval' | 'partial-approval' | 'completion' | 'partial-reversal';

export interface ReversalWords {
  /** DE4: what was asked for, what was approved of it, what was taken in the end, what the network still holds. */
  readonly amount: 'asked' | 'approved' | 'captured' | 'held';
  /** DE90: the message that is named. `opening`: the first, whether it asked or told. */
  readonly names: 'opening' | 'completion';
  /** DE95 of a reversal in full: zeros, or not there. */
  readonly zeroReplacement: boolean;
}

export type ReversalTable = Readonly<Record<ReversedAfter, ReversalWords>>;

const FIRST = { names: 'opening', zeroReplacement: false } as const;

/** What holds where a network has no table of its own. */
export const PLAIN_REVERSALS: ReversalTable = {
  'no-answer': { amount: 'asked', ...FIRST },
  approval: { amount: 'approved', ...FIRST },
  'partial-approval': { amount: 'approved', ...FIRST },
  completion: { amount: 'captured', ...FIRST },
  'partial-reversal': { amount: 'approved', ...FIRST },
};
