import type { Bytes, Pan, PinBlock, Track1, Track2 } from '../messages/index.ts';
import type { HoldLife } from './hold-rules.ts';

/** An amount in the minor units of its currency (ISO 4217 numeric code): 2500 of '978' is 25.00 €. */
export interface Money {
  readonly minorUnits: number;
  readonly currency: string;
}

/** What a terminal can ask for, whichever message type and processing code its dialect says it with. */
export type TransactionKind =
  | 'purchase'
  | 'cash'
  | 'cashback'
  | 'pre-authorisation'
  /** Adds to a pre-authorisation. */
  | 'increment'
  | 'account-verification'
  | 'refund'
  | 'balance'
  /** Approved at the terminal without asking; told afterwards. */
  | 'offline-purchase';

/**
 * What may be written down about a transaction: everything a leg, a reversal or an operator needs later,
 * and nothing that PCI DSS 3.3.1 forbids to keep. Digits stay as the terminal sent them.
 */
export interface TransactionFacts {
  /** Our identifier: a UUID version 7. */
  readonly transaction: string;
  readonly kind: TransactionKind;
  /** DE3, six digits. */
  readonly processingCode: string;
  readonly amount: Money;
  /** Of a cashback: what is handed out in cash, part of `amount`. */
  readonly cashbackMinorUnits?: number;
  /** DE7 as sent to the network: MMDDhhmmss in UTC. */
  readonly transmittedAt: string;
  /** DE11 of the terminal, kept on the network side. */
  readonly stan: string;
  /** DE12 hhmmss and DE13 MMDD, the terminal's local time. */
  readonly localTime: string;
  readonly localDate: string;
  /** DE18. */
  readonly merchantCategory: string;
  /** DE22, three digits. */
  readonly posEntryMode: string;
  /** DE25, two digits. */
  readonly posConditionCode: string;
  /** DE32, one to eleven digits. */
  readonly acquirer: string;
  /** DE37, twelve characters. */
  readonly rrn: string;
  /** DE41, eight characters. */
  readonly terminal: string;
  /** DE42, fifteen characters. */
  readonly merchant: string;
  /** First six and last four digits. */
  readonly maskedPan: string;
  /** Of an increment. */
  readonly addsTo?: HeldTransaction;
  /** Of a pre-authorisation and of its increments: how long it lives. */
  readonly hold?: HoldLife;
}

/** The pre-authorisation that an increment adds to, as the network knows it. */
export interface HeldTransaction {
  readonly stan: string;
  readonly transmittedAt: string;
  readonly networkReference?: string;
  readonly approvalCode?: string;
}

/** What lives in memory only, for as long as the legs need it. */
export interface CardData {
  readonly pan: Pan;
  /** DE14, YYMM. */
  readonly expiry?: string;
  /** DE23. */
  readonly sequenceNumber?: string;
  readonly track2?: Track2;
  /** DE45. Networks are told track 2. */
  readonly track1?: Track1;
  /** DE52, already under the network's zone key. */
  readonly pinBlock?: PinBlock;
  /** DE55, BER-TLV. */
  readonly emv?: Bytes;
}
