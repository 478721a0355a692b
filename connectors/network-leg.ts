import type { Pan } from '../messages/index.ts';
import type { Monotonic } from '../runtime/index.ts';
import type { AnswerTable } from './answers/answer-table.ts';
import type { CardData, TransactionFacts } from './authorisation.ts';
import type { SchemeRules } from './scheme-rules.ts';

/**
 * Why the network was not asked although it could have been. It says nothing of the network: nobody stands in for it,
 * and no trend counts it.
 */
export type OwnFault =
  /** The dialect of the network has no words for it. */
  | 'inexpressible'
  /** The network would take it for another that is under way: its numbers are ours, and taken. */
  | 'number-taken'
  /** More waits here than is waited for, or no time is left. */
  | 'overloaded';

/**
 * How a network leg ended. `unreachable` promises that no byte of the request left; so does `not-asked`, where the
 * fault is ours or the terminal's; `unknown` means that it may have, and that only a reversal can make it certain.
 */
export type NetworkOutcome =
  | {
      readonly status: 'approved';
      /**
       * DE39 of an approval in the network's words; 10 for a partial amount, 08 where the customer is to be identified,
       * and 87 where the cash was refused, whatever the network calls them.
       */
      readonly code: string;
      /** DE38. */
      readonly approvalCode?: string;
      /** Of a partial approval: what was approved, in the transaction's minor units. */
      readonly approvedMinorUnits?: number;
      /** The network's own identifier of the transaction (Visa F62.2), needed in its reversal. */
      readonly networkReference?: string;
      /** DE55 of the reply: issuer data for the chip, hexadecimal. */
      readonly emvHex?: string;
      /** DE54: what the account holds, for a balance inquiry. */
      readonly balances?: readonly Balance[];
    }
  | { readonly status: 'refused'; readonly code: string; readonly emvHex?: string }
  | { readonly status: 'unreachable'; readonly reason: string }
  | { readonly status: 'not-asked'; readonly fault: OwnFault; readonly reason: string }
  | {
      readonly status: 'unknown';
      readonly reason: string;
      /** It did answer, and nobody can say what that means: the network is there. */
      readonly hasAnswered?: true;
    };

/** Nothing of the request left, and nothing of it will: the network is away. */
export type Unreachable = Extract<NetworkOutcome, { readonly status: 'unreachable' }>;

/** Nothing of the request left, and the network is not to blame. */
export type NotAsked = Extract<NetworkOutcome, { readonly status: 'not-asked' }>;

/**
 * A network leg as it stands once its connector was asked to open it. Whether anything left is known at once: what is
 * begun beside a leg (a proof) need not be begun, and undone, beside one that never was.
 */
export type NetworkLeg =
  | { readonly left: true; readonly outcome: Promise<Exclude<NetworkOutcome, Unreachable | NotAsked>> }
  | { readonly left: false; readonly outcome: Unreachable | NotAsked };

/** One amount of DE54. Types: 01 ledger balance, 02 available balance. */
export interface Balance {
  readonly accountType: string;
  readonly amountType: string;
  readonly currency: string;
  /** Negative where the account is in debit. */
  readonly minorUnits: number;
}

/** How a message that the network must take note of ended: a reversal or an advice. */
export type NoticeOutcome =
  /** The network has taken note; of a reversal: it holds no more than what remains, whatever it held before. */
  | {
      readonly status: 'acknowledged';
      readonly code: string;
      /** Of an advice: what the network calls from now on what it was told. */
      readonly approvalCode?: string;
      readonly networkReference?: string;
    }
  /** The network answered, and will answer the same again: a case for people. */
  | { readonly status: 'refused'; readonly code: string }
  | { readonly status: 'unreachable'; readonly reason: string }
  /** Nothing left; what is inexpressible never will. */
  | NotAsked
  | { readonly status: 'unknown'; readonly reason: string };

/** Why money is given back: nobody knows the outcome, the customer changed their mind, less was needed. */
export type ReversalReason = 'no-confirmation' | 'customer' | 'partial';

export interface ReversalRequest {
  /** Of the payment; STAN and DE7 are the reversal's own, and the amount is what the network looks for. */
  readonly facts: TransactionFacts;
  /** STAN and DE7 of the message that is taken back; absent: those of `facts`. */
  readonly names?: Pick<TransactionFacts, 'stan' | 'transmittedAt'>;
  readonly pan: Pan;
  readonly networkReference?: string;
  readonly approvalCode?: string;
  /** The message that the network knows the transaction by: it was asked, or it was told, or told of the end (DE90). */
  readonly original: 'request' | 'advice' | 'completion';
  readonly reason: ReversalReason;
  /** What stays approved, in minor units (DE95); of a reversal in full 0, or absent. */
  readonly remainingMinorUnits?: number;
  /** It may have been sent before, under the same numbers: the repeat MTI is sent. */
  readonly repeat: boolean;
}

/** Why the network is told of something that is decided already. */
export type AdviceReason = 'completion' | 'offline' | 'stand-in' | 'adjustment';

export interface AdviceRequest {
  readonly facts: TransactionFacts;
  /** The issuer is asked after all, and told that the answer has been given (see `standInIsTold`). */
  readonly asDeferred?: true;
  readonly pan: Pan;
  readonly reason: AdviceReason;
  /** The final amount: of a completion, what is captured. */
  readonly minorUnits: number;
  /** Of an adjustment: the numbers of its own message. `facts` are those of the sale whose amount it replaces. */
  readonly own?: { readonly stan: string; readonly transmittedAt: string };
  /** One of several completions: which, and of how many; 0 as long as nobody knows. */
  readonly part?: { readonly sequence: number; readonly count: number };
  readonly networkReference?: string;
  readonly approvalCode?: string;
  readonly repeat: boolean;
}

/**
 * An answer to an authorisation that nobody waits for any more, or that is not about what was asked: money that the
 * network may hold.
 */
export interface LateAnswer {
  /** Absent where this link does not know the request: it is of an earlier life, or of another session. */
  readonly transaction?: string;
  /** Of an increment: the STAN of its own message. */
  readonly increment?: string;
  /** By which numbers the request is looked for, where its transaction is not known. */
  readonly stray?: StrayAnswer;
  /** The network may hold money of it: its code approves, or is in no table. */
  readonly approved: boolean;
  readonly code: string;
  /** DE38. */
  readonly approvalCode?: string;
  /** The network's own identifier of the transaction. */
  readonly networkReference?: string;
  /** Of a partial approval: what was approved, in minor units; of one without its cash what DE4 says, if anything. */
  readonly approvedMinorUnits?: number;
  /** It approves the purchase, and none of the cash that was asked with it (`withoutCash`). */
  readonly isWithoutCash?: true;
  /** The elements that contradict what was asked: it counts for nobody. */
  readonly disagrees?: readonly string[];
}

export interface StrayAnswer {
  readonly network: string;
  readonly numbers: AnswerNumbers;
}

/** What an answer repeats of its request's numbers. */
export interface AnswerNumbers {
  /** DE7. */
  readonly transmittedAt?: string;
  /** DE11. */
  readonly stan?: string;
  /** DE32. */
  readonly acquirer?: string;
  /** DE37. */
  readonly rrn?: string;
  /** DE41. */
  readonly terminal?: string;
  /** DE42. */
  readonly merchant?: string;
  /** DE4, in minor units. */
  readonly minorUnits?: number;
  /** DE49. */
  readonly currency?: string;
}

/** What becomes of a zone key that a network sends. */
export interface KeyOffer {
  /** DE39 of the 0810. */
  readonly code: string;
  /** Called once the 0810 is on its way. */
  readonly confirmed?: () => void;
}

/** Who keeps the zone key of a network, and takes the ones that the network sends in its place. */
export interface ZoneKeys {
  current(): string;
  /** @param kcv six hex digits. Never rejects: what is wrong with it is the code */
  offered(kcv: string, keyBlock: string): Promise<KeyOffer>;
}

export type NetworkLinkState = 'down' | 'connected' | 'signed-on';

/** One card network. Its methods never reject: what went wrong is the outcome. */
export interface NetworkConnector {
  readonly name: string;
  readonly rules: SchemeRules;
  /** What its codes mean; absent: as plain ISO 8583:1987 has them. */
  readonly answers?: AnswerTable;
  /** Name of the zone key under which PIN blocks travel to this network now. */
  zonePinKey(): string;
  /** Whether nothing that waits for an answer has these numbers. Absent: nobody knows. */
  isFree?(facts: TransactionFacts): boolean;
  /** Opens the leg of an authorisation. */
  ask(facts: TransactionFacts, card: CardData, deadline: Monotonic): NetworkLeg;
  reverse(request: ReversalRequest, deadline: Monotonic): Promise<NoticeOutcome>;
  /** Tells the network of a completion, an offline purchase or a stand-in approval. */
  advise(request: AdviceRequest, deadline: Monotonic): Promise<NoticeOutcome>;
  state(): NetworkLinkState;
  /** How often its link has signed on so far: a link that was lost and is back shows by it. Absent: not known. */
  signOns?(): number;
  /** Asks nothing more, and waits `patienceMs` at most (0 by default) for what was asked. */
  close(patienceMs?: number): Promise<void>;
}
