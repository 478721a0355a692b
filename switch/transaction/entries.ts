import type { AdviceReason, Balance, NetworkOutcome, PopOutcome } from '../../connectors/index.ts';
import type { NetworkLegOutcome } from '../stand-in/stand-in.ts';
import type { KeptFacts } from './network-facts.ts';
import type { FollowUpTask } from './outcome-table.ts';
import type { Judged } from './suspicion.ts';

/** What a terminal is told, in the words of no particular dialect. */
export interface ReplyFields {
  /** DE39. */
  readonly code: string;
  readonly rrn?: string;
  /** DE38. */
  readonly approvalCode?: string;
  /** DE4 of a partial approval. */
  readonly approvedMinorUnits?: number;
  /** DE54. */
  readonly balances?: readonly Balance[];
  /** DE55, hexadecimal. */
  readonly emvHex?: string;
  /** DE62: keys for the terminal, under its master key. */
  readonly keys?: string;
}

/** Who takes part in the PoP leg; `null` where card or merchant is not enrolled, or the service has no such leg. */
export interface PopParties {
  readonly consumer: string;
  readonly merchant: string;
  readonly receiptHash: string;
  /** Whose goods were sold; absent: nobody else's. */
  readonly suppliers?: readonly string[];
}

/** What is dated when it is written: see `datedJournal`. */
export interface Dated {
  /** The business date on which it happened, YYYY-MM-DD. Absent in what was written before there was one. */
  readonly businessDate?: string;
}

/** What every transaction begins with: who, what, and where its legs lead. */
export interface OpeningBody extends Dated, Judged {
  readonly facts: KeptFacts;
  readonly listener: string;
  readonly network: string;
  /** The PAN encrypted inside the HSM, base64. */
  readonly panCiphertext: string;
  /** Keyed hash of the PAN, hexadecimal: the card's name for everyone else. */
  readonly cardReference: string;
  readonly pop: PopParties | null;
}

/** How a difference between ledgers is made good: each is a follow-up of its own. */
export type Repair = 'resend-reversal' | 'resend-advice' | 'initiate-proof' | 'cancel-proof';

/** Bodies of the journal's entries by kind: every step that a transaction can take. */
export interface EntryBodies {
  /** Written before any byte of any leg leaves. */
  intended: OpeningBody;
  /** A message came again with another DE7: it is found by that too. `key` is that of its reply. */
  'named-again': { readonly original: string; readonly key: string };
  /** A sale that was approved here is told of afterwards as well: it is no second one. */
  'told-again': AnsweredBody & { readonly original?: string };
  /** Written before the reply leaves. */
  decided: {
    readonly network: NetworkLegOutcome;
    readonly pop: PopOutcome;
    readonly approved: boolean;
    readonly reply: ReplyFields;
    readonly followUps: readonly FollowUpTask[];
    readonly caseKind?: string;
    /** Of a refund: the purchase that it refunds goes on to be proven, and people look at it. */
    readonly leavesProof?: true;
    readonly waited?: boolean; // for its network: its merchant was told to wait for what becomes of it
  };
  /** Taken from the allowances of a card and a merchant, for the transaction named; an entry of its own. */
  'stand-in-reserved': {
    readonly transaction: string;
    readonly minorUnits: number;
    readonly taken: readonly string[];
  };
  /** The terminal approved it by itself and tells us. */
  'offline-approved': OpeningBody & AnsweredBody;
  /** A reversal came whose original is unknown: the original is refused should it come later. */
  remembered: AnsweredBody & {
    readonly terminal: string;
    readonly listener: string;
    readonly rrn: string;
    readonly merchant?: string;
    /** Of the original, where the reversal gives it. */
    readonly stan?: string;
    readonly maskedPan?: string;
    readonly cardReference?: string;
    readonly amount?: { readonly minorUnits: number; readonly currency: string };
    /** Where people must look at once: what it may well mean stands, or it comes without end. */
    readonly caseKind?: 'reversal-unmatched' | 'reversal-repeated';
    /** Transactions that it may mean. */
    readonly mayMean?: readonly string[];
    /** It would have taken back a part: what DE95 leaves of its original, or DE4 takes of it. */
    readonly isPart?: true;
    readonly leaves?: { readonly minorUnits: number } | { readonly allBut: number };
    /** Of one that names neither terminal nor merchant: every element that may be written down, by its number. */
    readonly elements?: Readonly<Record<string, unknown>>;
  };
  /** A terminal's reversal or void was refused for a reason that may pass; an entry of its own keeps the answer. */
  'notice-refused': AnsweredBody;
  /** An advice of no service, or of a sale that nobody knows: kept whole for people, since it moves nothing. */
  'advice-kept': AnsweredBody & KeptAdvice;
  /** Reversed or voided in full by the terminal. */
  'taken-back': AnsweredBody & {
    readonly by: 'reversal' | 'void';
    /** A void of what was settled already, before its clearing: the batch that holds it. */
    readonly batch?: string;
    /** Of a void: how a reversal names it. */
    readonly original?: string;
    /** Of a void: from when on the network may be told, in milliseconds since the epoch. */
    readonly toldFrom?: number;
    /** What was named is the completion of a hold, which goes with it. */
    readonly caseKind?: 'hold-reversed';
  };
  /** The network is about to be told of a void: from here on its reversal comes too late. */
  'void-told': Readonly<Record<string, never>>;
  /** A void was reversed by the terminal: what it took back stands again. */
  'void-reversed': AnsweredBody & { readonly void: string };
  /** A void was to be reversed, and the network had been told of it. */
  'void-reversed-late': AnsweredBody;
  /** Reversed in part by the terminal: `remainingMinorUnits` stay approved. */
  'partly-taken-back': AnsweredBody & { readonly remainingMinorUnits: number };
  /** A pre-authorisation was completed; `pop` names who takes part in the proof of what was captured. */
  captured: AnsweredBody & {
    /** All that was completed of it. */
    readonly minorUnits: number;
    readonly pop: PopParties | null;
    /** It came after the hold's end, at the merchant's risk. */
    readonly isLate?: true;
    /** One of several completions. */
    readonly part?: CompletionPart;
    /** How a reversal names it. */
    readonly original?: string;
  };
  /** A sale has another amount than before, with its tip. */
  adjusted: AnsweredBody & {
    readonly minorUnits: number;
    readonly tipMinorUnits?: number;
    /** How a reversal of it names it. */
    readonly original?: string;
    /** By which the network is told. */
    readonly stan: string;
    readonly transmittedAt: string;
  };
  /** A pre-authorisation ends soon: its merchant is told. */
  'hold-ending': { readonly until: number };
  /** A pre-authorisation is over: what is left of it is given back. */
  'hold-expired': Dated & { readonly until: number };
  /** What the chip said after the answer: its certificate, without anything that names the card. */
  'chip-told': AnsweredBody & {
    readonly cryptogram: string;
    readonly emvHex: string;
    /** How a reversal names it. */
    readonly original?: string;
  };
  /** People must look at it, for a reason that no other entry says. */
  'case-opened': {
    readonly caseKind: string;
    readonly reason: string;
    /** Transactions that it may mean. */
    readonly mayMean?: readonly string[];
  };
  /** More of a pre-authorisation is about to be asked for. Written before any byte of it leaves. */
  'increment-intended': {
    readonly key: string;
    /** How a reversal names it. */
    readonly original: string;
    /** Of its own message: `amount` is what is added. */
    readonly facts: KeptFacts;
    /** It is closed where it is not decided by then; milliseconds since the epoch. */
    readonly openUntil: number;
  };
  /** Written before its reply leaves. */
  'increment-decided': AnsweredBody & {
    readonly network: NetworkOutcome;
    readonly approved: boolean;
  };
  /** An increment was reversed by the terminal, in full or in part; what it was added to stands. */
  'increment-taken-back': AnsweredBody & {
    readonly increment: string;
    readonly remainingMinorUnits: number;
  };
  /** A terminal's totals were out of balance; its batch stays open. */
  'batch-compared': AnsweredBody & BatchComparison;
  /** A terminal's batch was closed: `members` are the transactions it held, each 16 bytes in base64url. */
  'batch-closed': AnsweredBody &
    BatchComparison & {
      /** Of the batches that this terminal closed in this currency: 1, 2, 3 … */
      readonly ordinal: number;
      readonly members: readonly string[];
      /** What is wrong with a batch that was closed out of balance; empty where it balances. */
      readonly differences: readonly BatchDifference[];
    };
  /** A terminal uploaded a transaction of its batch. */
  uploaded: AnsweredBody & UploadedTransaction;
  /** A refund of this transaction is about to be asked for. */
  'refund-reserved': { readonly refund: string; readonly minorUnits: number };
  /** The network acknowledged that it holds no more than what remains. */
  'network-reversed': {
    readonly code: string;
    readonly attempts: number;
    readonly remainingMinorUnits: number;
    /** The increment whose part of it that is, by its key. */
    readonly increment?: string;
  };
  /** A reversal is about to be sent under these numbers; whoever repeats it repeats them. */
  'reversal-numbered': {
    readonly stan: string;
    /** DE7. */
    readonly transmittedAt: string;
    readonly remainingMinorUnits: number;
    readonly increment?: string;
  };
  /** The network lets stand again what it had reversed for a void. */
  'network-reinstated': { readonly code: string; readonly attempts: number; readonly minorUnits: number };
  'network-reversal-refused': {
    readonly code: string;
    readonly attempts: number;
    /** What it should have been reversed down to; absent where an earlier release wrote it. */
    readonly remainingMinorUnits?: number;
    /** The increment whose reversal was refused, by its key. */
    readonly increment?: string;
  };
  'network-advised': {
    readonly reason: AdviceReason;
    readonly code: string;
    readonly attempts: number;
    /** What the network was told, where that is not all that was captured. */
    readonly told?: { readonly key: string; readonly minorUnits: number };
    /** What it calls the transaction from now on, where its answer said what was not known before. */
    readonly approvalCode?: string;
    readonly networkReference?: string;
  };
  'network-advice-refused': {
    readonly reason: AdviceReason;
    readonly code: string;
    readonly attempts: number;
    /** Which message of its own, where it is not all that was captured; absent where an earlier release wrote it. */
    readonly told?: { readonly key: string };
  };
  /** A reversal found nothing at the network, for the given time in a row. */
  'network-not-found': {
    readonly code: string;
    readonly attempts: number;
    readonly times: number;
    /** It is not sent again: people look at it where the approval was seen, and else at the clearing file. */
    readonly isLast?: true;
    /** The network had approved it, or had been told of it. */
    readonly wasSeen?: true;
    readonly increment?: string;
  };
  /** The network's ledger or clearing file has nothing of a leg that no reversal found. */
  'network-absent': { readonly ledgerOf: string };
  /** An answer that came after the join, or that was not to what was asked. */
  'late-answer': {
    readonly code: string;
    /** It approves, or nobody knows what its code means. */
    readonly mayHold?: true;
    readonly approvalCode?: string;
    readonly networkReference?: string;
    /** Of a partial approval: of how much. */
    readonly approvedMinorUnits?: number;
    /** What of it contradicts what was asked: it counted for nobody. */
    readonly disagrees?: readonly string[];
    /** The increment that it answers, by its key. */
    readonly increment?: string;
    /** It is to be reversed, and a reversal of it was queued before. */
    readonly asksAgain?: true;
  };
  /** The merchant was told of everything up to this version. */
  notified: { readonly through: number };
  /** The consensus is about to be asked to witness this amount; `over` came to nothing before. */
  'pop-asked': { readonly minorUnits: number; readonly over?: string };
  'pop-accepted': { readonly validation: string; readonly minorUnits: number };
  'pop-validated': { readonly validation: string };
  'pop-failed': { readonly status: string; readonly reason: string };
  'pop-cancelled': { readonly validation: string | null };
  /** A proof stands for a purchase that does not, or for another amount: the chain cannot take it back. */
  'pop-stands': { readonly validation: string; readonly reason: string };
  /** A counterpart's ledger shows something else than was believed; a follow-up brings it to what stands. */
  reconciled: {
    readonly case: number;
    readonly repair: Repair;
    /** What the network's ledger holds, in minor units; absent where the repair is about the proof. */
    readonly networkMinorUnits?: number;
    readonly by: string;
  };
}

/** An advice that nobody here can act on, as it came. */
export interface KeptAdvice {
  /**
   * `repeated`: it was refused, and came again without end until it was acknowledged. `declined`: it tells of what did
   * not take place.
   */
  readonly reason: 'no-service' | 'no-original' | 'no-route' | 'repeated' | 'declined';
  readonly listener: string;
  readonly terminal: string;
  readonly merchant: string;
  readonly stan: string;
  readonly rrn: string;
  readonly transmittedAt: string;
  readonly minorUnits: number;
  /** ISO 4217 numeric; empty where it gave none. */
  readonly currency: string;
  readonly card: {
    readonly maskedPan: string;
    readonly reference: string;
    readonly ciphertext: string;
  } | null;
  /** Every element that may be written down, by its number. */
  readonly elements: Readonly<Record<string, unknown>>;
}

/** One of several completions, as its terminal counts them. */
export interface CompletionPart {
  readonly sequence: number;
  /** Of all of them; 0 as long as the terminal does not know. */
  readonly count: number;
  readonly minorUnits: number;
  /** What was in a closed batch of those before it, where any was: the rest is in the next one. */
  readonly settled?: SettledPart;
  /** By which the network is told. */
  readonly stan: string;
  readonly transmittedAt: string;
}

/** What of a payment is in a batch that is closed. */
export interface SettledPart {
  /** The settlement. */
  readonly batch: string;
  readonly minorUnits: number;
}

/** What a terminal and the switch make of one batch. */
export interface BatchComparison {
  readonly listener: string;
  readonly terminal: string;
  readonly merchant: string;
  /** Who answers for the terminal; absent where it is registered here. */
  readonly acquirer?: string;
  readonly currency: string;
  /** DE60: how the terminal counts its batches. */
  readonly number: string;
  readonly terminalTotals: BatchTotals;
  readonly switchTotals: BatchTotals;
  /** Up to which sequence of each open epoch the journal was counted; earlier epochs were counted in full. */
  readonly countedTo: Readonly<Record<string, number>>;
}

export interface BatchTotals {
  readonly sales: BatchSide;
  readonly refunds: BatchSide;
}

export interface BatchSide {
  readonly count: number;
  readonly minorUnits: number;
}

/** One transaction on which terminal and switch do not agree. */
export interface BatchDifference {
  readonly kind: 'not-uploaded' | 'unknown-here' | 'does-not-stand' | 'other-amount' | 'settled-before';
  readonly transaction?: string;
  readonly stan: string;
  readonly rrn?: string;
  readonly terminalMinorUnits?: number;
  readonly switchMinorUnits?: number;
}

/** A transaction as a 0320 tells it. */
export interface UploadedTransaction {
  readonly listener: string;
  readonly terminal: string;
  /** Absent in what an earlier release wrote. */
  readonly merchant?: string;
  /** Who answers for the terminal; absent where it is registered here. */
  readonly acquirer?: string;
  readonly currency: string;
  /** DE60. */
  readonly number: string;
  /** The transaction it is about, where one is known under the numbers it gives. */
  readonly original: string | null;
  readonly stan: string;
  readonly rrn?: string;
  readonly minorUnits: number;
}

/** An entry that answers a message of its own: its idempotency key finds the reply again. */
export interface AnsweredBody extends Dated {
  readonly key: string;
  readonly reply: ReplyFields;
}

export type EntryKind = keyof EntryBodies;
export type DecidedBody = EntryBodies['decided'];
