import { withoutRepeat } from '../../messages/index.ts';
import { Refusal } from '../errors.ts';
import type { Transaction } from '../transaction/fold.ts';
import { asLocal, momentOf, withYear } from './dates.ts';
import {
  acquirerOf,
  type Numbers,
  originalKey,
  type PartyKey,
  partyKey,
  referenceKey,
  requestKey,
  untimedKeys,
} from './keys.ts';
import type { Meant } from './meant.ts';
import type { TerminalMessage } from './terminal-message.ts';
import { givenReference, type Sender } from './understand.ts';

// By which keys a message finds the transaction that it is about, in the order in which they are tried. Terminals name
// what they reverse in many ways (the repeat in place of the request, a time of zeros, the local time, nothing), and
// all of the numbers are in the original: so a name is first put into the one form that the original was claimed
// under.

/** A message that is about another, as far as this looks at it. */
export interface Referring {
  readonly message: TerminalMessage;
  readonly sender: Sender;
  readonly party: { readonly key: PartyKey };
  readonly card?: { readonly reference: string };
}

/** One way to the transaction that is meant. */
export interface Way {
  readonly key: string;
  /**
   * `reference`: of a day that is not known, and several may have it. `former`: as releases before named it, by line
   * and terminal, where merchant and acquirer must be looked at.
   */
  readonly by: 'numbers' | 'reference' | 'former';
}

/** How a message refers to another. */
export interface OriginalReference {
  /** In this order. */
  readonly ways: readonly Way[];
  /** What else it says of what it means: what does not agree is not meant. */
  readonly meant: Meant;
  /** The keys that the original will claim when it comes, as far as the message really names it. */
  readonly names: readonly string[];
}

/** What opens a transaction, is found by DE90, and may come late, behind its own reversal. */
const OPENING = ['0100', '0200', '0220', '0120'];
/** What DE90 may call the one or the other: terminals that authorise by 0100 often say 0200, and the reverse. */
const PAIRS = [
  ['0100', '0200'],
  ['0200', '0100'],
  ['0220', '0120'],
  ['0120', '0220'],
];
const NOTHING = /^0*$/;
/** DE3, first two digits. */
const VOID = '02';
const REFUND = '20';
const PURCHASE = '00';
/** DE25 of what is about a pre-authorisation. */
const PRE_AUTHORISED = '06';
const DATE = 4;

/**
 * How a reversal names its original. DE90 first: as it stands, then with its time taken for the local one, then with
 * its time put into the local one, by the zone that the reversal's own two times tell. Where DE90 has no time, the STAN
 * with the local date and time of the message itself, which many repeat from the original, and with its DE7; a terminal
 * that sends no DE90 repeats the STAN too. Then DE37. DE37 before the repeated numbers was the form before: what adds
 * to a payment, or completes or refunds it, has its reference, and the whole payment was taken back for the part.
 */
export function reversedOriginal({ message, sender, party, card }: Referring): OriginalReference {
  const named = namedNumbers(message, sender);
  const { stan, sentAt } = named;
  // DE37 of a void names its sale, which the void's own reversal does not mean.
  const references = message.de3?.startsWith(VOID) ? [] : referencesOf([party.key], message);
  const repeated = waysOf(party.key, localFirst(named.repeated));
  const ways = [
    ...waysOf(party.key, [...named.exact, ...named.local]),
    ...(named.exact.length === 0 ? [...repeated, ...references] : [...references, ...repeated]),
    // A message type that is not the original's is the one thing that numbers and time can do without.
    ...waysOf(party.key, named.otherwise),
  ];
  return {
    ways: withoutDoubles(ways),
    meant: {
      ...meantBy(message, card),
      ...(stan !== undefined ? { stan } : { ownStan: sender.stan, ownTerminal: sender.terminal }),
      ...(sentAt !== undefined && { sentAt }),
      ...(message.de3?.startsWith(REFUND) && { isRefund: true as const }),
      ...amountOf(message),
    },
    names: rememberedNames(party.key, named),
  };
}

/**
 * How a void, a completion or a refund names its original: by DE90 where it has one, then by DE37.
 * @throws Refusal SW_FORMAT without either, and without DE38
 */
export function referredOriginal(
  inbound: Referring & { readonly listener: { readonly name: string } },
  ofMerchants: readonly string[] = [],
): OriginalReference {
  const { message, party, card, sender } = inbound;
  const acquirer = acquirerOf(party.key);
  const others = ofMerchants.map((merchant) => partyKey(acquirer, merchant, ''));
  const { exact, local } = namedNumbers(message, sender);
  const named = waysOf(party.key, [...exact, ...local]);
  const ways = [...named, ...referencesOf([party.key, ...others], message), ...formerReference(inbound)];
  if (ways.length === 0 && message.de38 === undefined) throw new Refusal('SW_FORMAT', { element: 'DE37' });
  const merchants = [sender.merchant.trimEnd(), ...ofMerchants];
  const meant = { ...meantBy(message, card), merchants, prefers: preferenceOf(message) };
  return { ways, meant, names: [] };
}

/** Of several payments of one reference, those that a message can be about. */
function preferenceOf({ mti, de3 = '', de25 }: TerminalMessage): NonNullable<Meant['prefers']> {
  if (de25 === PRE_AUTHORISED && de3.startsWith(PURCHASE)) return isHold;
  const isVoid = de3.startsWith(VOID) && withoutRepeat(mti) === '0200';
  return isVoid ? () => true : isTaken;
}

function isHold({ opening }: Transaction): boolean {
  return opening?.facts.kind === 'pre-authorisation';
}

/** What may be refunded, or have a tip. */
function isTaken(found: Transaction): boolean {
  return found.opening?.facts.kind !== 'refund' && (!isHold(found) || found.state === 'captured');
}

/** Whether DE90 names a message; zeros name none. */
export function namesNumbers({ de90 }: Pick<TerminalMessage, 'de90'>): boolean {
  return de90 !== undefined && !NOTHING.test(de90.stan) && !NOTHING.test(de90.transmission);
}

/**
 * Under what the refusals of a reversal are counted, where DE90 tells it: many terminals give each attempt numbers of
 * its own, and none of those would ever be refused twice.
 */
export function attemptsKey({ message, sender, party }: Referring): string | undefined {
  const { de90 } = message;
  if (!de90 || !namesNumbers(message)) return undefined;
  return `${party.key.terminal}|attempts|${de90.stan}|${withYear(de90.transmission, sender.understoodAt)}`;
}

interface NamedNumbers {
  /** As DE90 has them. */
  readonly exact: readonly Numbered[];
  /** The same with its time by the terminal's own clock: the first of a repeat with another DE7 is known by that. */
  readonly local: readonly Numbered[];
  /** With the date and time that the message itself has, which may be the original's. */
  readonly repeated: readonly Numbered[];
  /** As DE90 has them, and of another message type. */
  readonly otherwise: readonly Numbered[];
  /** Message types of what may come late: those that DE90 names. */
  readonly late: readonly string[];
  /** That DE90 gives: what is found otherwise and has another is not meant. */
  readonly stan: string | undefined;
  /** That DE90 gives, in milliseconds. */
  readonly sentAt: number | undefined;
}

type Numbered = Numbers & Partial<Pick<Sender, 'transmittedAt'>>;

function namedNumbers(message: TerminalMessage, sender: Sender): NamedNumbers {
  const { de90 } = message;
  const stan = de90 && !NOTHING.test(de90.stan) ? de90.stan : undefined;
  const pair = PAIRS.find(([mti]) => mti === requestOf(de90?.mti));
  const mtis = pair ?? OPENING;
  const time = de90 && !NOTHING.test(de90.transmission) ? de90.transmission : undefined;
  const { understoodAt } = sender;

  const exact =
    stan !== undefined && time !== undefined
      ? mtis.map((mti) => ({ mti, stan, understoodAt, transmittedAt: time, ...localOf(time) }))
      : [];
  const byOwnClock = time === undefined ? undefined : localTimeOf(time, message, understoodAt);
  const local = exact.flatMap(({ transmittedAt: _, ...numbers }) =>
    byOwnClock === undefined ? [] : { ...numbers, ...localOf(byOwnClock) },
  );
  const others = OPENING.filter((mti) => !mtis.includes(mti));
  const repeated = [...mtis, ...others].map((mti) => ({ ...sender, mti, stan: stan ?? sender.stan }));
  const [first] = exact;
  const otherwise = first ? others.map((mti) => ({ ...first, mti })) : [];
  const sentAt = time === undefined ? Number.NaN : momentOf(time, understoodAt);
  return {
    exact,
    local,
    repeated,
    otherwise,
    late: mtis,
    stan,
    sentAt: Number.isNaN(sentAt) ? undefined : sentAt,
  };
}

/** A time of DE90 by the clock of the message that gives it. */
function localTimeOf(time: string, { de7, de12, de13 }: TerminalMessage, nowMs: number): string | undefined {
  if (de7 === undefined || de12 === undefined || de13 === undefined) return undefined;
  return asLocal(time, { utc: de7, local: de13 + de12 }, nowMs);
}

/** Of a repeat, or of an answer, the request. */
function requestOf(mti: string | undefined): string {
  if (mti === undefined || !/^\d{4}$/.test(mti)) return '';
  const functionDigit = Number(mti[2]) & ~1;
  return `${mti.slice(0, 2)}${functionDigit}0`;
}

function localOf(monthToSecond: string): Pick<Sender, 'localDate' | 'localTime'> {
  return { localDate: monthToSecond.slice(0, DATE), localTime: monthToSecond.slice(DATE) };
}

/** A DE7 that is the message's own may be that of a void of this STAN, which went out in the same second. */
function localFirst(numbers: readonly Numbered[]): Numbered[] {
  return [...numbers.map(({ transmittedAt: _, ...local }) => local), ...numbers];
}

function namesOf(party: PartyKey, numbers: Numbered): string[] {
  const { transmittedAt } = numbers;
  const sent = transmittedAt === undefined ? [] : [originalKey(party, { ...numbers, transmittedAt })];
  return [...sent, ...(numbers.untimed ? untimedKeys(party, numbers) : [requestKey(party, numbers)])];
}

function referencesOf(parties: readonly Pick<PartyKey, 'merchant'>[], message: TerminalMessage): Way[] {
  const rrn = givenReference(message);
  if (rrn === undefined) return [];
  return parties.map((party) => ({ key: referenceKey(party, rrn), by: 'reference' }));
}

/** What was sold before keys named the party is refunded for months: by the line and the terminal that sold it. */
function formerReference({
  message,
  sender,
  listener,
}: Referring & { readonly listener: { readonly name: string } }): Way[] {
  const rrn = givenReference(message);
  if (rrn === undefined) return [];
  return [{ key: `${listener.name}|reference|${sender.terminal}|${rrn}`, by: 'former' }];
}

/**
 * A STAN with a time. Where DE90 gives no time, it is that of the message; a time that is the message's own and not the
 * original's names nothing that will ever come.
 */
function rememberedNames(party: PartyKey, { exact, local, repeated, late }: NamedNumbers): string[] {
  const named = exact.length > 0 ? [...exact, ...local] : repeated;
  const requests = named.filter(({ mti }) => late.includes(mti));
  return [...new Set(requests.flatMap((numbers) => namesOf(party, numbers)))];
}

function meantBy(message: TerminalMessage, card: Referring['card']): Meant {
  const pan = message.de2?.length ? message.de2 : message.de35?.pan();
  const { de38, de49 } = message;
  return {
    ...(pan && { maskedPan: pan.masked() }),
    ...(card?.reference && { cardReference: card.reference }),
    ...(de49 !== undefined && !NOTHING.test(de49.trim()) && { currency: de49 }),
    ...(de38?.trim() && { approvalCode: de38.trim() }),
  };
}

/** Zero is no amount. */
export function amountOf({ de4 }: Pick<TerminalMessage, 'de4'>): Pick<Meant, 'minorUnits'> {
  const minorUnits = Number(de4 ?? 0);
  return minorUnits > 0 ? { minorUnits } : {};
}

function waysOf(party: PartyKey, numbers: readonly Numbered[]): Way[] {
  return numbers.flatMap((each) => namesOf(party, each)).map((key) => ({ key, by: 'numbers' }));
}

function withoutDoubles(ways: readonly Way[]): Way[] {
  return ways.filter(({ key }, index) => ways.findIndex((other) => other.key === key) === index);
}

/** What an upload tells of, by whatever it gives. */
export function uploadedOriginal(inbound: Referring): OriginalReference {
  const { meant, ...reference } = reversedOriginal(inbound);
  return { ...reference, meant: meant.stan === undefined ? {} : { stan: meant.stan } };
}
