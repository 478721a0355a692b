import type {
  DecidedBody,
  EntryBodies,
  OpeningBody,
  PopParties,
  ReplyFields,
  SettledPart,
} from './entries.ts';
import type { Increment } from './increments.ts';
import type { NetworkLegState, PopLegState } from './leg-states.ts';
import type { LegTraces, TraceDraft } from './leg-traces.ts';
import type { TransactionState } from './life-cycle.ts';
import type { Adjustment, Telling } from './tellings.ts';

// What is known of a transaction: the sum of its entries, which `fold.ts` makes.

/** A transaction as its journal entries tell it. */
export interface Transaction {
  readonly id: string;
  readonly version: number;
  readonly state: TransactionState;
  /** Absent for a reversal whose original never came. */
  readonly opening?: OpeningBody;
  readonly decided?: DecidedBody;
  /** How it was taken back by the terminal, if it was. */
  readonly takenBack?: EntryBodies['taken-back']['by'];
  /** Voids that took it back, the latest last: each may yet be reversed, or has been. */
  readonly voids: readonly VoidOf[];
  /** What the customer owes or is owed now, in minor units: approved, less what was taken back, or captured. */
  readonly standingMinorUnits: number;
  readonly capturedMinorUnits?: number;
  /** The key of its latest completion. */
  readonly completedBy?: string;
  /** Of several completions: what a closed batch had of those before the latest. */
  readonly settledBefore?: SettledPart;
  /** It happened at the terminal, and was told afterwards. */
  readonly isTold: boolean;
  /** What the network is told behind the rest, by messages of their own: parts of a completion, other amounts. */
  readonly tellings: readonly Telling[];
  /** The network took, or was told of, what was captured or approved without it, apart from `tellings`. */
  readonly isBaseTold: boolean;
  /** Tips and other amounts, the latest last: each may yet be reversed. */
  readonly adjustments: readonly Adjustment[];
  /** Of what has another amount than before: what stood first, less what was taken back of it since. */
  readonly untippedMinorUnits?: number;
  /** Of a pre-authorisation that is completed or over: what was held until then. */
  readonly heldMinorUnits?: number;
  /** Of a pre-authorisation: when it is over, in milliseconds since the epoch. */
  readonly holdUntil?: number;
  readonly isHoldWarned: boolean;
  /** Its end is written down. */
  readonly isHoldExpired: boolean;
  /** What the network holds, or may hold, in minor units: it is reversed down to what stands. */
  readonly networkMinorUnits: number;
  readonly network: NetworkLegState;
  readonly pop: PopLegState;
  readonly popParties: PopParties | null;
  readonly popValidation?: string;
  /** The amount that the consensus was asked to witness, where it was asked. */
  readonly popMinorUnits?: number;
  readonly refunds: readonly EntryBodies['refund-reserved'][];
  /** Of a pre-authorisation: what was added to it, oldest first. */
  readonly increments: readonly Increment[];
  /** What each message about this transaction was answered, by its idempotency key; the opening one has ''. */
  readonly replies: ReadonlyMap<string, ReplyFields>;
  /** Its messages by their DE7, beside the one that opened it: the key of each is that of its reply. */
  readonly names: readonly EntryBodies['named-again'][];
  /** Messages that tell what a chip said, by their keys: nothing of them can be taken back. */
  readonly chipWords: readonly string[];
  /** What the network has shown of each message. */
  readonly traces: LegTraces;
  /** Reversals that were begun and have not ended, by the numbers under which they were sent. */
  readonly openReversals: readonly EntryBodies['reversal-numbered'][];
  /** Messages of which a reversal has ended: an increment's key, '' for the message that opened the transaction. */
  readonly endedReversals: ReadonlySet<string>;
  /** What remained, as its terminal said, after each reversal of a part. */
  readonly remainders: readonly number[];
  /** The network took back a part of it, and holds the rest. */
  readonly isReversedInPart: boolean;
  /** Up to which version its merchant was told of it. */
  readonly notifiedThrough: number;
  /** What people must look at. */
  readonly cases: readonly string[];
}

/** A void, by the keys that find it, and what it took back. */
export interface VoidOf {
  readonly key: string;
  readonly original: string | undefined;
  /** From when on the network may be told, in milliseconds since the epoch: its own reversal may come until then. */
  readonly toldFrom: number;
  /** The network was told of it, or may have been. */
  readonly isTold: boolean;
  readonly isReversed: boolean;
  readonly before: Pick<Transaction, 'state' | 'standingMinorUnits' | 'increments'>;
}

/** The same while it is folded. */
export type Draft = { -readonly [K in keyof Transaction]: Transaction[K] } & {
  cases: string[];
  refunds: EntryBodies['refund-reserved'][];
  increments: { -readonly [K in keyof Increment]: Increment[K] }[];
  openReversals: EntryBodies['reversal-numbered'][];
  endedReversals: Set<string>;
  voids: VoidOf[];
  tellings: Telling[];
  names: EntryBodies['named-again'][];
  chipWords: string[];
  remainders: number[];
  replies: Map<string, ReplyFields>;
  traces: TraceDraft;
};
