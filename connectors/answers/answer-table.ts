// What the codes of a network mean (DE39 of its answers), as data: a table per network, and per service where a code
// does not mean the same for all of them. A code in no table is neither yes nor no: nobody is told that it approves,
// and what it may hold is taken back. To take whatever is not an approval for a decline was rejected: the network may
// have meant an approval, and nobody would reverse it.

import type { TransactionKind } from '../authorisation.ts';

export type CodeMeaning =
  | 'approved'
  /** Less than was asked: DE4 says how much. */
  | 'approved-in-part'
  /** Where somebody can look at the customer's papers. */
  | 'approved-but-identify'
  /** The purchase, and none of the cash that was asked with it. */
  | 'approved-without-cash'
  /** The answer follows. */
  | 'wait'
  | 'refused'
  /** Refused as it was asked: with the customer authenticated, or the chip read, it may be approved. */
  | 'soft-decline';

/** What a code means for some services; `others` for the rest, and absent where it means nothing for them. */
export type ByService = Partial<Readonly<Record<TransactionKind | 'others', CodeMeaning>>>;

/** What an answer to a reversal says. */
export type ReversalMeaning =
  | 'reversed'
  | 'already-reversed'
  /** To a reversal that says that it is a repeat: it was heard before. To a first one it is a refusal. */
  | 'repeat-known'
  /** The network knows of nothing to reverse, which ends nothing by itself. */
  | 'not-found'
  | 'try-again'
  /** What is in no table is one, too: said where a table of another release, or of a profile, says otherwise. */
  | 'refused';

/** How long a reversal is repeated that finds nothing. */
export interface NotFoundRules {
  /** When the network itself gives an authorisation up: so long one may still come to be. Milliseconds. */
  readonly timeOutMs: number;
  /** Of a leg whose outcome nobody knows: how often the reversal is sent again, the last times past the time-out. */
  readonly repeats: number;
  /** Of a leg whose approval was seen: how often it is named again before people look. */
  readonly repeatsOfSeen: number;
}

export interface AnswerTable {
  /** Answers to authorisations. */
  readonly authorisation: Readonly<Record<string, CodeMeaning | ByService>>;
  /** Answers to reversals; what is not here is a refusal. */
  readonly reversal: Readonly<Record<string, ReversalMeaning>>;
  /** Answers to advices after which the same may well succeed. */
  readonly adviceTryAgain: readonly string[];
  readonly notFound: NotFoundRules;
}

/** One meaning for many codes, with blanks between them. */
export function all<T>(codes: string, meaning: T): Record<string, T> {
  return Object.fromEntries(codes.split(' ').map((code) => [code, meaning]));
}

/** 85, no reason to decline: an approval of what takes no money from the card. */
export const NO_REASON_TO_DECLINE: ByService = {
  'account-verification': 'approved',
  refund: 'approved',
  others: 'refused',
};
