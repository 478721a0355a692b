/** What does not hold, in words for people; `docs/audit.md` has a section per code. */
export const BREAKS = {
  AUDIT_ALTERED: 'these entries, or their claims, are not those that were written',
  AUDIT_REWRITTEN:
    'the chain up to here is not the one that was signed: entries and links were changed together',
  AUDIT_TAIL_MISSING: 'a signed head is for entries that are not there',
  AUDIT_AFTER_END: 'entries stand behind the signed end of the epoch',
  AUDIT_STRAY_CLAIM: 'a claim belongs to no entry',
  AUDIT_LEASE_ALTERED: 'the lease of the epoch does not name the node that opened it',
  AUDIT_EPOCH_UNKNOWN: 'entries or claims are there of an epoch that no lease has opened',
  AUDIT_EPOCH_MISSING:
    'heads were signed for an epoch that the database does not know, or no longer as a chained one',
  AUDIT_HEAD_FORGED: 'a line is no head, or its signature does not verify under the public keys given',
  AUDIT_HEAD_MISSING: 'heads of a series are missing, or were not said one after the other',
} as const;

/** What cannot be told from what is there. */
export const DOUBTS = {
  AUDIT_UNSIGNED: 'the newest entries are under no signed head, and were written too long ago',
  AUDIT_END_UNSIGNED: 'the epoch is over, and no head says where it ended',
  AUDIT_NO_HEADS: 'no head of this epoch was given',
  AUDIT_NOT_CHAINED: 'the epoch keeps no chain, though an earlier one did',
  AUDIT_KEY_UNKNOWN: 'heads are signed under a key whose public half was not given',
  AUDIT_EARLIER_HEADS: 'heads name one before them that was not given',
} as const;

export type BreakCode = keyof typeof BREAKS;
export type DoubtCode = keyof typeof DOUBTS;

/** Sequences, where the finding has a place within the epoch. */
export interface Place {
  readonly from?: number;
  readonly to?: number;
  /** A file and line, a key: never card data. */
  readonly detail?: string;
}

export interface Break extends Place {
  readonly code: BreakCode;
}

export interface Doubt extends Place {
  readonly code: DoubtCode;
}

export interface EpochReport {
  readonly epoch: number;
  readonly node: string | null;
  readonly state: 'running' | 'ended' | 'not chained';
  readonly entries: number;
  /** Numbers that no entry has, below the last one: of entries that were refused. Normal. */
  readonly unusedSequences: number;
  readonly lastSequence: number;
  /** The last entry under a head that verifies; 0 where there is none. */
  readonly verifiedUpTo: number;
  /** Entries behind that. */
  readonly unsigned: number;
  readonly heads: number;
  readonly breaks: readonly Break[];
  /** Breaks beyond those that are listed. */
  readonly moreBreaks: number;
  readonly doubts: readonly Doubt[];
}

/** `verified`: all of it. `unproven`: nothing is wrong, and something cannot be told. */
export type Outcome = 'verified' | 'broken' | 'unproven';

export interface AuditReport {
  readonly outcome: Outcome;
  readonly entries: number;
  readonly epochs: readonly EpochReport[];
  /** Of the heads themselves, and of claims that belong to no epoch. */
  readonly breaks: readonly Break[];
  readonly doubts: readonly Doubt[];
}
