import type { Monotonic } from '../../runtime/index.ts';

/** UUID version 7 in lower case: sorts by the time it was made (RFC 9562 §5.7). */
export type TransactionId = string;

/** One step in a transaction's life, to be written for ever. */
export interface NewEntry {
  readonly transaction: TransactionId;
  /** 1, 2, 3 … within the transaction. Of two writers who both append version n, one is superseded. */
  readonly version: number;
  /** What happened: `intended`, `decided` …; at most 64 characters. */
  readonly kind: string;
  /** Written as JSON, at most 64 KiB of it. Never a clear PAN, nor sensitive authentication data. */
  readonly body: object;
  /**
   * Keys under which the transaction is found, written together with the entry, and only if it is appended. At most 8.
   */
  readonly claims?: readonly Claim[];
  /** Jobs committed together with the entry, and only if it is appended. */
  readonly followUps?: readonly FollowUp[];
  /** What it takes of allowances, all of it or the entry is not appended. At most 4, of one key each. */
  readonly takes?: readonly Take[];
}

/**
 * Takes an amount of what a limit allows under a key, over all nodes and exactly. It is a counter, not a chain of
 * claims: however many take of one key at once, each is answered by the flush it is in.
 */
export interface Take {
  /** At most 512 characters. */
  readonly key: string;
  readonly minorUnits: number;
  /** So many may be taken, of so much together. */
  readonly limit: { readonly count: number; readonly minorUnits: number };
}

/**
 * A key belongs to the first that claims it, for ever, across all nodes.
 * `unique`: an entry whose key is taken, be it by its own transaction, is not appended.
 * `alias`: a key that is taken stays with its owner, and the entry is appended all the same.
 * A key that ends in a date (`|YYYYMMDDhhmmss`, or `|YYYYMMDD`) is one of that day. One of the second form is also
 * found without its date: the newest day counts, as far back as the horizon. An alias without a date belongs to the
 * first of its transaction's day; a key without a date is claimed in one role only.
 */
export interface Claim {
  /** At most 512 characters. */
  readonly key: string;
  /** What a later claim of the key is told; at most 512 characters. */
  readonly fingerprint: string;
  readonly role: 'unique' | 'alias';
}

export interface FollowUp {
  /** The name of the task that carries it out; at most 60 characters. */
  readonly task: string;
  /** The original transaction: follow-ups of one transaction in one lane run in the order they were appended. */
  readonly transaction: TransactionId;
  /** The link or service it goes to; at most 60 characters. A slow lane does not slow the others. */
  readonly lane: string;
  /** Milliseconds after the commit; 0 where absent. */
  readonly runAfterMs?: number;
  /** What the task sees as its attempt; 1 where absent. */
  readonly attempt?: number;
}

/**
 * `claimed`: a unique key belongs to the transaction given, with its fingerprint. Of several it is the first in the
 * order of the entry; nothing was written.
 * `superseded`: no key is taken, but the transaction has that version already; nothing was written.
 * `exhausted`: the first key of which too little is left for what the entry takes; nothing was written. Only an entry
 * that takes something is told so.
 */
export type AppendResult =
  | { readonly status: 'appended' }
  | {
      readonly status: 'claimed';
      readonly key: string;
      readonly transaction: TransactionId;
      readonly fingerprint: string;
    }
  | { readonly status: 'superseded' }
  | { readonly status: 'exhausted'; readonly key: string };

export interface JournalEntry {
  readonly transaction: TransactionId;
  readonly version: number;
  readonly kind: string;
  readonly body: unknown;
  /** Wall clock of the node that wrote it, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly node: string;
  /** The node's lease under which it was written; grows with every lease of any node. */
  readonly epoch: number;
}

/** What the switch knows, durable before it acts and before it speaks. Entries are appended, never changed. */
export interface Journal {
  /**
   * Resolves once the entry is durable, or was refused by an answer that will not change.
   * @param deadline when the caller must know; the journal's own deadline holds where it is earlier
   * @throws JournalError
   */
  append(entry: NewEntry, deadline?: Monotonic): Promise<AppendResult>;
  /** All entries of a transaction, oldest first; empty where it is unknown. @throws JournalError */
  history(transaction: TransactionId): Promise<JournalEntry[]>;
  /** The transaction that claimed this key, in either role. @throws JournalError */
  transactionOf(key: string): Promise<{ transaction: TransactionId; fingerprint: string } | undefined>;
  /**
   * Transactions `intended` under a lease that is over (an earlier one of this node, or one that another node let
   * expire, which is ended by this call) and that have no later version. Oldest first, at most 1,000: ask again once
   * they are decided. @throws JournalError
   */
  undecided(): Promise<TransactionId[]>;
}

export const JOURNAL_ERRORS = {
  SW_JOURNAL_UNAVAILABLE: 'the journal could not be reached before the deadline',
  SW_JOURNAL_FENCED:
    'the lease of this node is over: another process writes in its name, or took over its work',
  SW_JOURNAL_FULL: 'too many entries wait for the journal',
  SW_JOURNAL_CONTENDED: 'other writers were first every time',
  SW_JOURNAL_ENTRY: 'the entry has not the shape that the journal takes',
  SW_JOURNAL_REFUSED: 'the database refuses the statement',
  SW_JOURNAL_NOT_DURABLE: 'the database is set to lose committed work',
  SW_JOURNAL_CLOSED: 'the journal is closed',
} as const;

export type JournalErrorCode = keyof typeof JOURNAL_ERRORS;

/** Why the journal could not do its part. */
export class JournalError extends Error {
  readonly code: JournalErrorCode;
  /** `no`: nothing of the entry is or will be written. `unknown`: it was sent, and no answer came. */
  readonly committed: 'no' | 'unknown';
  readonly detail: Readonly<Record<string, string | number>>;

  constructor(
    code: JournalErrorCode,
    committed: 'no' | 'unknown',
    detail: Readonly<Record<string, string | number>> = {},
    options?: ErrorOptions,
  ) {
    super(JOURNAL_ERRORS[code], options);
    this.name = 'JournalError';
    this.code = code;
    this.committed = committed;
    this.detail = detail;
  }
}
