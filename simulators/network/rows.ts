import type { CardReference } from '../common/card.ts';
import type { LedgerRow } from '../common/ledger.ts';

/** By what the network knows a message and its repeats: DE41, DE37, DE11, DE7. */
export interface MessageIdentity {
  /** Without its repeat digit; rows of older ledgers have none. */
  mti?: string;
  terminal: string;
  rrn: string;
  stan: string;
  /** DE7, MMDDhhmmss in UTC. */
  time: string;
}

/** What an approval does: takes money, sets it aside, gives it; or nothing, where somebody only asks. */
export type Service = 'debit' | 'hold' | 'increment' | 'credit' | 'verification' | 'balance';

interface Money {
  /** Minor units. */
  amount: number;
  /** DE49, ISO 4217 numeric. */
  currency: string;
  card: CardReference;
}

export interface AuthorisationRequest extends MessageIdentity, Money {
  service: Service;
  processingCode: string;
  /** Of an increment: the hold, by our identifier or by its message. */
  addsTo?: { transactionId: string } | { original: OriginalMessage };
}

/** Something that was decided elsewhere: a completion, an offline purchase, a stand-in approval. */
export interface AdviceRequest extends MessageIdentity, Money {
  processingCode: string;
  /** Where no transaction is known: whether it sets money aside instead of taking it. */
  holds: boolean;
  /** The amount of a sale is another than before (DE3 02). */
  adjusts?: true;
  /** DE90 of such an advice, where the dialect names its sale by it. */
  original?: OriginalMessage;
  /** One of several completions, and of how many; 0 as long as nobody knows. */
  part?: { sequence: number; count: number };
  /** DE38 of the transaction it belongs to. */
  approvalCode?: string;
  /** DE18. */
  merchantCategory?: string;
  /** Our own identifier of that transaction, where the dialect has a place for it. */
  transactionId?: string;
}

/** Which message a reversal takes back: DE90. */
export interface OriginalMessage {
  mti?: string;
  stan: string;
  time: string;
}

export interface ReversalRequest extends MessageIdentity, Money {
  original: OriginalMessage;
  /** DE95: what stands after a partial reversal. */
  remaining?: number;
  /** The message said by its MTI (x4x1) that it is a repeat. */
  isMarkedRepeat?: true;
}

/** What a row does to what stands: held by pre-authorisations, captured from cards, refunded to them. */
export interface Moves {
  held?: number;
  captured?: number;
  refunded?: number;
}

/**
 * What a row records. With effect on money: `authorised` (taken at once), `held`, `incremented` (more of it),
 * `captured` (a completion: the hold becomes what was taken), `adjusted` (a sale has another amount), `advised` (an
 * advice that belongs to no known transaction), `refunded`, `reversed`. Decisions without: `verified`, `inquired`,
 * `declined`, `reversal-remembered` (the original is unknown, and will be refused should it come),
 * `late-original-refused`, `reversal-ineffective` (nothing stood), `reversal-refused`, `advice-refused`. Repeats,
 * answered as before: `duplicate`, `duplicate-refused` (same identity, other content), `advice-repeated`,
 * `reversal-repeated`.
 */
export type NetworkRowKind =
  | 'authorised'
  | 'held'
  | 'incremented'
  | 'captured'
  | 'adjusted'
  | 'advised'
  | 'refunded'
  | 'verified'
  | 'inquired'
  | 'declined'
  | 'duplicate'
  | 'duplicate-refused'
  | 'advice-repeated'
  | 'advice-refused'
  | 'late-original-refused'
  | 'reversed'
  | 'reversal-repeated'
  | 'reversal-remembered'
  | 'reversal-ineffective'
  | 'reversal-refused';

export interface NetworkRow extends LedgerRow, MessageIdentity, Money {
  kind: NetworkRowKind;
  service?: Service;
  processingCode?: string;
  /** Of a partial approval: what was asked for; `amount` is what was approved. */
  requested?: number;
  /** DE39 as answered. */
  code: string;
  approvalCode?: string;
  /** Our identifier of the transaction, fifteen digits. */
  transactionId?: string;
  /** Of an increment and its reversal, whose row is in the name of the transaction they belong to: their own names. */
  message?: MessageIdentity;
  /** Of reversals, and of other amounts. */
  original?: OriginalMessage;
  /** Of one of several completions. */
  part?: { sequence: number; count: number };
  isMarkedRepeat?: true;
  moves?: Moves;
}

export function identityKey({ terminal, rrn, stan, time }: MessageIdentity): string {
  return `${terminal}|${rrn}|${stan}|${time}`;
}

export function originalKey({
  terminal,
  rrn,
  original,
}: Pick<NetworkRow, 'terminal' | 'rrn' | 'original'>): string {
  return `${terminal}|${rrn}|${original?.stan}|${original?.time}`;
}
