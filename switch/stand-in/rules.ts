import type { TransactionKind } from '../../connectors/index.ts';
import type { IssuerStandIn, MerchantStandIn } from '../config/stand-in.ts';

/** Why a purchase is not stood in for, with the DE39 that the terminal hears (ISO 8583:1987). */
export const STAND_IN_REFUSALS = {
  'not-offered': {
    code: '91',
    means: 'the merchant, its currency or the kind of transaction has no stand-in',
  },
  'issuer-unknown': {
    code: '91',
    means: 'no stand-in was agreed on for this range of cards, or this currency',
  },
  'above-floor': { code: '91', means: 'the amount is above the floor limit' },
  listed: { code: '05', means: 'the card is on the negative list' },
  'chip-declined': { code: '05', means: 'the chip has declined (an AAC in tag 9F27)' },
  'chip-unreadable': { code: '91', means: 'DE55 is not readable' },
  'card-unverifiable': {
    code: '91',
    means: 'the CVV must be verified, and the message has no track with one',
  },
  'card-wrong': { code: '05', means: 'the CVV is wrong' },
  'pin-unverifiable': { code: '91', means: 'there is a PIN, and no key or value to verify it with' },
  'pin-wrong': { code: '55', means: 'the PIN is wrong' },
  'pin-tries': { code: '75', means: 'no more PINs of this card are verified today' },
  'limit-card': { code: '91', means: 'the limit of the card for the day is used up' },
  'limit-merchant': { code: '91', means: 'the limit of the merchant for the day is used up' },
  'no-time': { code: '91', means: 'the deadline came first' },
  'no-journal': { code: '91', means: 'the journal cannot take the reservation' },
  'no-hsm': { code: '91', means: 'the HSM cannot verify the card' },
} as const satisfies Record<string, { code: string; means: string }>;

export type StandInRefusal = keyof typeof STAND_IN_REFUSALS;

/** What the rules look at, and nothing else: the same facts always get the same answer. */
export interface StandInFacts {
  readonly kind: TransactionKind;
  readonly minorUnits: number;
  readonly currency: string;
  readonly merchant: MerchantStandIn | undefined;
  readonly issuer: IssuerStandIn | undefined;
  readonly isListed: boolean;
  readonly chip: ChipDecision;
  readonly hasPin: boolean;
}

/** What the chip made of the transaction: nothing where there is none, or it asks for an answer of the issuer. */
export type ChipDecision = 'no-chip' | 'online' | 'declined' | 'unreadable';

/** Where a limit binds, and which. */
export interface StandInLimits {
  readonly card: Limit;
  readonly merchant: Limit;
}

export interface Limit {
  readonly count: number;
  readonly minorUnits: number;
}

/** Everything that can be said before anybody is asked. */
export function ruleOut(
  facts: StandInFacts,
): { readonly refused: StandInRefusal } | { readonly limits: StandInLimits } {
  const ofMerchant = facts.merchant?.find(({ currency }) => currency === facts.currency);
  const ofCard = facts.issuer?.perCardDay.find(({ currency }) => currency === facts.currency);
  if (facts.kind !== 'purchase' || !ofMerchant) return { refused: 'not-offered' };
  if (!ofCard) return { refused: 'issuer-unknown' };
  if (facts.isListed) return { refused: 'listed' };
  if (facts.chip === 'declined') return { refused: 'chip-declined' };
  if (facts.chip === 'unreadable') return { refused: 'chip-unreadable' };
  if (facts.minorUnits > ofMerchant.floorMinorUnits) return { refused: 'above-floor' };
  if (facts.hasPin && !facts.issuer?.pin) return { refused: 'pin-unverifiable' };
  return { limits: { card: ofCard, merchant: ofMerchant } };
}

/** What was used of a limit: so many, of so much together. */
export type Used = Limit;

export const NOTHING_USED: Used = { count: 0, minorUnits: 0 };

/**
 * What is used once this amount is taken too, or nothing where the limit does not allow it. The database counts by the
 * same rule (migration 17); this is the rule for whoever takes its place.
 */
export function afterTaking(used: Used, limit: Limit, minorUnits: number): Used | undefined {
  const next = { count: used.count + 1, minorUnits: used.minorUnits + minorUnits };
  return next.count <= limit.count && next.minorUnits <= limit.minorUnits ? next : undefined;
}

/** The issuer's row that fits best, by the leading digits of the card. */
export function issuerOf(
  issuers: readonly IssuerStandIn[],
  leadingDigits: string,
): IssuerStandIn | undefined {
  let best: IssuerStandIn | undefined;
  for (const issuer of issuers) {
    const digits = leadingDigits.slice(0, issuer.from.length);
    if (digits < issuer.from || digits > issuer.to) continue;
    if (!best || issuer.from.length > best.from.length) best = issuer;
  }
  return best;
}
