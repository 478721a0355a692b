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
  'declined-before': { code: '91', means: 'its issuer has declined the card within a day, softly or not' },
  'issuer-only': {
    code: '91',
    means: 'only the issuer may approve it: quasi-cash, or a service code whose second digit is 2',
  },
  'card-absent': {
    code: '91',
    means: 'the card was not there, and nothing shows that its holder was asked',
  },
  expired: { code: '54', means: 'the card has expired' },
  'expiry-unknown': { code: '91', means: 'nothing in the message says when the card expires' },
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
  /** DE3. */
  readonly processingCode: string;
  /** DE18. */
  readonly merchantCategory: string;
  /** The same in the terminal's own words. */
  readonly saidCategory?: string | undefined;
  /** DE54: some of it is handed out in cash. */
  readonly asksForCash: boolean;
  /** DE22 and DE25. */
  readonly posEntryMode: string;
  readonly posConditionCode: string;
  /** The message has a track, or what a chip said. */
  readonly hasCardData: boolean;
  /** YYMM, wherever the message gives one: DE14, the track. */
  readonly expiries: readonly string[];
  /** YYMM: the month that it is now. */
  readonly month: string;
  /** Of the track, or of what the chip gives as one. */
  readonly serviceCode: string | undefined;
  readonly minorUnits: number;
  readonly currency: string;
  readonly merchant: MerchantStandIn | undefined;
  readonly issuer: IssuerStandIn | undefined;
  readonly isListed: boolean;
  /** Its issuer has declined the card lately. */
  readonly isDeclined: boolean;
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
  if (facts.isDeclined) return { refused: 'declined-before' };
  if (isIssuersAlone(facts)) return { refused: 'issuer-only' };
  if (facts.expiries.some((expiry) => hasExpired(expiry, facts.month))) return { refused: 'expired' };
  const mayLackExpiry = facts.issuer?.withoutExpiry === 'accept';
  if (facts.expiries.length === 0 && !mayLackExpiry) return { refused: 'expiry-unknown' };
  if (isCardAbsent(facts)) return { refused: 'card-absent' };
  if (facts.chip === 'declined') return { refused: 'chip-declined' };
  if (facts.chip === 'unreadable') return { refused: 'chip-unreadable' };
  if (facts.minorUnits > ofMerchant.floorMinorUnits) return { refused: 'above-floor' };
  if (facts.hasPin && !facts.issuer?.pin) return { refused: 'pin-unverifiable' };
  return { limits: { card: ofCard, merchant: ofMerchant } };
}

/** DE3, positions 1 and 2. */
const QUASI_CASH = '11';
/** DE18: what is bought is money again. Cash over a counter or from a machine, transfers, stored value, wagers. */
const QUASI_CASH_CATEGORIES: ReadonlySet<string> = new Set([
  '4829',
  '6010',
  '6011',
  '6050',
  '6051',
  '6529',
  '6530',
  '6536',
  '6537',
  '6538',
  '6540',
  '7800',
  '7801',
  '7802',
  '7995',
  '9406',
]);
/** ISO/IEC 7813, second digit of the service code: the issuer is to be asked, by online means. */
export const ISSUER_ONLINE = '2';

function isIssuersAlone(facts: StandInFacts): boolean {
  const { processingCode, merchantCategory, saidCategory = '', serviceCode, asksForCash } = facts;
  return (
    asksForCash ||
    processingCode.startsWith(QUASI_CASH) ||
    QUASI_CASH_CATEGORIES.has(merchantCategory) ||
    QUASI_CASH_CATEGORIES.has(saidCategory) ||
    serviceCode?.[1] === ISSUER_ONLINE
  );
}

/** DE22, positions 1 and 2: read from a stripe or a chip, by contact or not. What is keyed in shows no card. */
const READ_ENTRY: ReadonlySet<string> = new Set(['02', '05', '07', '80', '90', '91', '95']);
/** The terminal does not say how. */
const UNSPECIFIED_ENTRY = '00';
/** DE25: customer or card not present, mail and telephone orders, terminals at home, electronic commerce. */
const ABSENT_CONDITION: ReadonlySet<string> = new Set(['01', '05', '08', '15', '59']);

/** No message of a terminal shows an authentication that the switch could verify: without the card there is none. */
function isCardAbsent({ posEntryMode, posConditionCode, hasCardData }: StandInFacts): boolean {
  const mode = posEntryMode.slice(0, 2);
  const isRead = READ_ENTRY.has(mode) || (mode === UNSPECIFIED_ENTRY && hasCardData);
  return !isRead || ABSENT_CONDITION.has(posConditionCode);
}

const MONTHS_OF_A_CENTURY = 1_200;

/** A card is good until the end of its month. Of two years of a century those of the next fifty lie ahead. */
export function hasExpired(expiry: string, month: string): boolean {
  const ahead = (monthsOf(expiry) - monthsOf(month) + MONTHS_OF_A_CENTURY) % MONTHS_OF_A_CENTURY;
  return !(ahead < MONTHS_OF_A_CENTURY / 2);
}

/** Of YYMM; what is no month of any year is never ahead. */
function monthsOf(yearMonth: string): number {
  const month = Number(yearMonth.slice(2));
  return month >= 1 && month <= 12 ? Number(yearMonth.slice(0, 2)) * 12 + month : Number.NaN;
}

/** What was used of a limit: so many, of so much together. */
export type Used = Limit;

export const NOTHING_USED: Used = { count: 0, minorUnits: 0 };

/**
 * What is used once this amount is taken too, or nothing where the limit does not allow it. The database counts by the
 * same rule (`switch.append_counted`); this is the rule for whoever takes its place.
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
