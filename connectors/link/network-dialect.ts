import type { Bytes, Codec, Framing, Pan } from '../../messages/index.ts';
import type { AnswerTable } from '../answers/answer-table.ts';
import type { CardData, TransactionFacts } from '../authorisation.ts';
import type { AdviceRequest, ReversalRequest } from '../network-leg.ts';
import type { SchemeRules } from '../scheme-rules.ts';
import type { Matchable, MatchKeys } from './match-keys.ts';

/** One amount of DE54 as it stands on the wire. */
export interface AdditionalAmount {
  readonly accountType: string;
  readonly amountType: string;
  readonly currency: string;
  /** C or D. */
  readonly sign: string;
  readonly amount: string;
}

/** What an answer says about money, wherever its dialect puts it. */
export interface ReplyElements {
  /** DE39. */
  readonly code?: string | undefined;
  /** DE4. */
  readonly amount?: string | undefined;
  /** DE49. */
  readonly currency?: string | undefined;
  /** DE2: whole, or its last digits. */
  readonly card?: Pan | undefined;
  /** DE38. */
  readonly approvalCode?: string | undefined;
  readonly networkReference?: string | undefined;
  /** DE54. */
  readonly amounts?: readonly AdditionalAmount[] | undefined;
  /** DE55, BER-TLV. */
  readonly emv?: Bytes | undefined;
}

/** DE70 of what is said on every link. */
export interface NetworkManagementCodes {
  readonly signOn: string;
  readonly signOff: string;
  readonly echo: string;
  /** The network sends a zone key. */
  readonly keyExchange: string;
  /** What the network says of itself (its own sign-on, its cut-over): heard, and nothing is done about it. */
  readonly acknowledged: readonly string[];
}

/** Everything that is one network's own: how it writes messages, and with which it says what. */
export interface NetworkDialect<M extends Matchable> {
  readonly codec: Codec<M>;
  readonly framing: Framing;
  /** What ties an answer to its request. */
  readonly matchKeys: MatchKeys;
  readonly managementCodes: NetworkManagementCodes;
  /** What its codes mean. */
  readonly answers: AnswerTable;
  readonly rules: SchemeRules;
  /**
   * An 0800.
   * @param stan counts our network-management messages on this link
   * @param transmittedAt DE7, MMDDhhmmss in UTC
   */
  management(code: string, stan: string, transmittedAt: string): M;
  /** The 0810 to an 0800 of the network. */
  managementReply(request: M, code: string): M;
  /** DE70. */
  managementCode(message: M): string | undefined;
  /** KCV and key block of an 0800 that brings a key. */
  offeredKey(message: M): string | undefined;
  /** `undefined` where this network has no request for this kind of transaction. */
  authorisation(facts: TransactionFacts, card: CardData): M | undefined;
  reversal(request: ReversalRequest): M;
  advice(request: AdviceRequest): M;
  replyElements(reply: M): ReplyElements;
}
