import { hash } from 'node:crypto';
import { DAY_MS } from '../../runtime/index.ts';
import type { Claim } from '../journal/journal.ts';
import { dayStamp, withYear } from './dates.ts';
import type { PaymentRequest, Sender } from './understand.ts';

// Under which keys a message is known, and what it refers to. They name the party that was admitted, never the port it
// came in by: the same terminal calls two addresses, and two merchants of an acquirer have terminals of one number.

/** 132 bits: it is stored with every claim. */
const FINGERPRINT_LENGTH = 22;

/**
 * How keys name who asks. A terminal's number says something within its merchant only, a merchant's within its
 * acquirer.
 */
export interface PartyKey {
  /** Acquirer and merchant: what was sold here may be voided, completed and refunded at any of its tills. */
  readonly merchant: string;
  /** Acquirer, merchant and terminal. */
  readonly terminal: string;
}

/**
 * @param acquirer who answers for the terminal; empty where it is registered here itself, whichever line it calls on
 */
export function partyKey(acquirer: string, merchant: string, terminal: string): PartyKey {
  const shop = `${withoutZeros(acquirer)}|${inKey(merchant)}`;
  return { merchant: shop, terminal: `${shop}|${inKey(terminal)}` };
}

/** Who answers for a party; empty where it is registered here. */
export function acquirerOf({ merchant }: Pick<PartyKey, 'merchant'>): string {
  return merchant.slice(0, merchant.indexOf('|'));
}

/** An acquirer's number as every dialect would give it; one of zeros is one all the same, and nobody's own. */
export function withoutZeros(acquirer: string): string {
  return acquirer.replace(/^0+(?=.)/, '');
}

/** Without the blanks that a dialect adds; what sets the parts of a key apart is in none of them. */
function inKey(name: string): string {
  const trimmed = name.trimEnd();
  return trimmed.includes('|') ? trimmed.replaceAll('|', '%7C') : trimmed;
}

/*
 * A key that ends in YYYYMMDDhhmmss, or in YYYYMMDD, is of that day, which its claim is kept under
 * (switch/journal/claim-names.ts): one that carries a date ends with it.
 */

/** The numbers that name a message. */
export type Numbers = Pick<
  Sender,
  'mti' | 'stan' | 'localDate' | 'localTime' | 'understoodAt' | 'named' | 'untimed'
>;

/**
 * A name carries no date, and a unique key needs one: it is claimed for its day and for the day before. Whoever comes
 * again by the next day meets one of the two, so a name is good for 24 hours at least and for 48 at most.
 */
export function namedKey({ terminal }: PartyKey, name: string, at: number): string {
  return `${terminal}|named|${name}|${dayStamp(at)}`;
}

/**
 * What makes two messages the same request: who asks, the message type without its repeat digit, STAN, local date and
 * time. 0101 finds its 0100, 0401 its 0400, and on whichever address it is sent.
 */
export function requestKey(party: PartyKey, numbers: Numbers): string {
  const { mti, stan, localDate, localTime, understoodAt, named, untimed } = numbers;
  if (named) return namedKey(party, named.name, understoodAt);
  if (untimed) return untimedKey(party, numbers);
  return `${party.terminal}|${mti}|${stan}|local|${withYear(localDate + localTime, understoodAt)}`;
}

/** A quarter of a day. */
const WINDOW_MS = 6 * 3_600_000;

/**
 * A message without a time is known by its STAN for a while: it is claimed for the quarter of the day in which it came
 * and for the one before, so whoever comes again within six hours meets one of the two, and after twelve hours nobody
 * does. So a repeat never buys twice, and a terminal that begins anew with its STANs every day is never told what
 * yesterday's sale was told. A whole day was rejected for that, and an hour since terminals repeat after a pause.
 * @param back windows
 */
function untimedKey(
  { terminal }: PartyKey,
  { mti, stan, understoodAt }: Pick<Numbers, 'mti' | 'stan' | 'understoodAt'>,
  back = 0,
): string {
  const begin = (Math.floor(understoodAt / WINDOW_MS) - back) * WINDOW_MS;
  const stamp = new Date(begin).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  return `${terminal}|${mti}|${stan}|untimed|${stamp}`;
}

/** Under which one that came lately is found: what came in the window before is claimed for that. */
export function untimedKeys(
  party: PartyKey,
  numbers: Pick<Numbers, 'mti' | 'stan' | 'understoodAt'>,
): string[] {
  return [untimedKey(party, numbers), untimedKey(party, numbers, 1)];
}

/** How the DE90 of a reversal names its original: message type, STAN and DE7. */
export function originalKey(
  { terminal }: PartyKey,
  { mti, stan, transmittedAt, understoodAt }: Pick<Sender, 'mti' | 'stan' | 'transmittedAt' | 'understoodAt'>,
): string {
  return `${terminal}|${mti}|${stan}|sent|${withYear(transmittedAt, understoodAt)}`;
}

/**
 * How a void, a completion or a refund names its original: by the retrieval reference it was given. Without a day the
 * journal looks from the newest day backwards; it is claimed with one.
 */
export function referenceKey({ merchant }: Pick<PartyKey, 'merchant'>, rrn: string): string {
  return `${merchant}|${inKey(rrn.trim())}|reference`;
}

export function referenceOfDay(reference: string, day: string): string {
  return `${reference}|${day}`;
}

export function isReference(key: string): boolean {
  return REFERENCE_OF_DAY.test(key);
}

const REFERENCE_OF_DAY = /\|reference(#\d)?\|\d{8}$/;

/** Fingerprint of a key that is only another name of a message: where it is taken, the message goes without it. */
export const ANOTHER_NAME = 'name';

/** Keys that are taken by what does not count have this many places beside them. */
export const MOST_PLACES = 8;
const DATE_AT_ITS_END = /\|\d+$/;
const PLACE_AND_DATE = /#\d(\|\d+)?$/;

/**
 * The same key once more: another payment under the same retrieval reference, or a request whose key is taken by a
 * reversal that is not remembered any more.
 * @param place 1 is the key itself
 */
export function placeOf(key: string, place: number): string {
  if (place === 1) return key;
  const date = DATE_AT_ITS_END.exec(key)?.[0] ?? '';
  return `${key.slice(0, key.length - date.length)}#${place}${date}`;
}

/** The key whose place this is. */
export function keyOf(place: string): string {
  return place.replace(PLACE_AND_DATE, '$1');
}

/** What must be unchanged when the same key comes again: card, amount, currency and kind of transaction. */
export function requestFingerprint(
  cardReference: string,
  { amount, processingCode, named }: Pick<PaymentRequest, 'amount' | 'processingCode' | 'named'>,
): string {
  const money = `${cardReference}|${amount.minorUnits}|${amount.currency}|${processingCode}`;
  const asked = named ? `${money}|${named.content}` : money;
  return hash('sha256', asked, 'base64url').slice(0, FINGERPRINT_LENGTH);
}

/**
 * Everything under which a transaction must be found again: by a repeat, by its reversal, by a void or completion. All
 * three are unique: that a retrieval reference is taken must be known before it is given to a second payment.
 */
export function openingClaims(party: PartyKey, sender: Sender, fingerprint: string): Claim[] {
  const reference = referenceOfDay(referenceKey(party, sender.rrn), dayStamp(sender.understoodAt));
  const names = [requestKey(party, sender), otherName(party, sender)];
  if (sender.untimed) names.push(...namesOfUntimed(party, sender));
  return [...names, reference].map((key) => ({ key, fingerprint, role: 'unique' }));
}

/** Beside its STAN it has the time that its answer tells: a reversal may repeat that. */
function namesOfUntimed(party: PartyKey, sender: Sender): string[] {
  return [untimedKey(party, sender, 1), requestKey(party, { ...sender, untimed: undefined })];
}

/** By what else it is found: a terminal's message by its DE7, for a reversal; what is named, by the day before. */
function otherName(party: PartyKey, sender: Sender): string {
  const { named, understoodAt } = sender;
  return named ? namedKey(party, named.name, understoodAt - DAY_MS) : originalKey(party, sender);
}
