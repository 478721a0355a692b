import { presenceOf, type TransactionKind } from '../../connectors/index.ts';
import type { Pan } from '../../messages/index.ts';
import type { FraudSubject } from '../config/fraud.ts';
import type { OpeningBody } from '../transaction/entries.ts';

// What rules look at. Nearly all of it is what the journal keeps of a payment, so that a node judges by the same facts
// as another that reads them there, and as whoever tests rules against the past. A card is part of its keyed hash.

export interface FraudFacts {
  readonly kind: TransactionKind;
  readonly minorUnits: number;
  readonly currency: string;
  readonly card: string;
  readonly range: string;
  readonly terminal: string;
  readonly merchant: string;
  readonly network: string;
  readonly isCardPresent: boolean;
  readonly isRecurring: boolean;
  readonly isUntied: boolean;
  readonly receipt: string | undefined;
  readonly consumer: string | undefined;
  readonly suppliers: readonly string[];
  /** Where it is asked from; never of an acquirer's line or of the gateway: many merchants are behind one there. */
  readonly address: string | undefined;
}

/** What only the message itself says: it is looked at while the payment is here, and kept nowhere. */
export interface Presented {
  readonly pan: Pan;
  /** YYMM. */
  readonly expiry?: string | undefined;
  readonly address?: string | undefined;
}

/** Digits of a keyed hash that tell cards apart: 64 bits. */
const CARD_DIGITS = 16;
const RANGE_DIGITS = 6;

export function factsOf(opening: OpeningBody, address?: string): FraudFacts {
  const { facts, cardReference, network, pop, untied } = opening;
  const { isCardPresent, initiator } = presenceOf(facts.posEntryMode);
  const merchant = facts.merchant.trimEnd();
  return {
    kind: facts.kind,
    minorUnits: facts.amount.minorUnits,
    currency: facts.amount.currency,
    card: cardReference.slice(0, CARD_DIGITS),
    range: facts.maskedPan.slice(0, RANGE_DIGITS),
    terminal: `${merchant}/${facts.terminal.trimEnd()}`,
    merchant,
    network,
    isCardPresent,
    isRecurring: initiator === 'merchant',
    isUntied: untied ?? false,
    receipt: pop?.receiptHash.slice(0, CARD_DIGITS),
    consumer: pop?.consumer.slice(0, CARD_DIGITS),
    suppliers: pop?.suppliers ?? NOBODY,
    address,
  };
}

const NOBODY: readonly string[] = [];

/** What a subject is of a payment; nothing where it has none. */
export const SUBJECT_OF: Readonly<Record<FraudSubject, (facts: FraudFacts) => string | undefined>> = {
  card: ({ card }) => card,
  terminal: ({ terminal }) => terminal,
  merchant: ({ merchant }) => merchant,
  address: ({ address }) => address,
  range: ({ range }) => range,
  amount: ({ minorUnits, currency }) => `${minorUnits}${currency}`,
  receipt: ({ receipt }) => receipt,
  consumer: ({ consumer }) => consumer,
  supplier: ({ suppliers }) => suppliers[0],
};

/** The key of several subjects together; nothing where one of them is not there. */
export function keyOf(subjects: readonly FraudSubject[], facts: FraudFacts): string | undefined {
  let key = '';
  for (const subject of subjects) {
    const value = SUBJECT_OF[subject](facts);
    if (value === undefined) return undefined;
    key = key === '' ? value : `${key}|${value}`;
  }
  return key;
}
