import type { CardData, Money, TransactionKind } from '../../connectors/index.ts';
import { isRepeat, isTlv, type Pan, type PinBlock, withoutRepeat } from '../../messages/index.ts';
import { type Clock, type Random, type UtcCalendar, utcCalendar } from '../../runtime/index.ts';
import { type CurrencyList, isKnownCurrency } from '../config/currency.ts';
import { Refusal } from '../errors.ts';
import { findService, type Service } from './services.ts';
import type { TerminalMessage } from './terminal-message.ts';

// From data elements to what a terminal means, the same for every dialect. Each element is looked at here and nowhere
// else; what is missing or contradicts itself is refused before anybody is asked anything.

/** Who sends a message, and under which of its numbers: what every kind of request has. */
export interface Sender {
  /** Without its repeat digit. */
  readonly mti: string;
  /** The terminal says that it has sent this before (MTI x1x1). */
  readonly repeat: boolean;
  readonly stan: string;
  readonly localTime: string;
  readonly localDate: string;
  /** DE7 as the terminal gave it: names this message in the DE90 of its reversal. */
  readonly transmittedAt: string;
  readonly terminal: string;
  readonly merchant: string;
  readonly rrn: string;
  /** The terminal gave its retrieval reference itself, and gets it back whatever else has it. */
  readonly hasOwnReference: boolean;
  /** By our wall clock, milliseconds: which year its dates are of. */
  readonly understoodAt: number;
  /** Of what an application asks for; absent: it is known by its numbers. */
  readonly named?: NamedRequest;
  /** The terminal gave no time: this is ours, of when it came, and says nothing of which message it is. */
  readonly untimed?: true | undefined;
}

/**
 * What an application calls its request: it counts no STANs, and names a request once and for all. `content` is a hash
 * of all that it asked for, which must be the same when the name comes again.
 */
export interface NamedRequest {
  readonly name: string;
  readonly content: string;
}

/** Something that opens legs, as the terminal asked for it, before anyone has looked up who it is. */
export interface PaymentRequest extends Sender {
  readonly service: Service;
  readonly processingCode: string;
  readonly amount: Money;
  readonly cashbackMinorUnits?: number;
  readonly posEntryMode: string;
  readonly posConditionCode: string;
  readonly merchantCategory?: string;
  readonly acquirer?: string;
  readonly card: Omit<CardData, 'pinBlock'>;
  /** Still under the terminal's own key. */
  readonly terminalPinBlock?: PinBlock;
  /** Of a refund and of an increment: the retrieval reference of what is refunded, or added to. */
  readonly refersTo?: string;
  /** Of a refund: DE38 of what is refunded, where the message gives it. */
  readonly originalApprovalCode?: string;
}

const SHORTEST_PAN = 12;
/** What refers to an earlier transaction by DE37, and gets a retrieval reference of its own. */
const REFERRING: ReadonlySet<TransactionKind> = new Set<TransactionKind>(['refund', 'increment']);
const CASHBACK = '40';
const NOTHING = '000000000000';
/** DE25 of an account verification. */
const VERIFICATION = '51';
const STAN_DIGITS = 6;

/**
 * @param mayBeNameless a message whose terminal and merchant may be left out: who answers for them is known by its line
 * @param untimed its time is ours
 * @throws Refusal SW_FORMAT
 */
export function understandSender(
  message: TerminalMessage,
  clock: Clock,
  mayBeNameless = false,
  untimed?: true,
): Sender {
  const stan = required(message.de11, 'DE11');
  const { localDate, localTime } = localDateTime(message);
  const given = givenReference(message);
  const unnamed = mayBeNameless ? '' : undefined;
  return {
    mti: withoutRepeat(message.mti),
    repeat: isRepeat(message.mti),
    stan,
    localDate,
    localTime,
    transmittedAt: message.de7 ?? `${localDate}${localTime}`,
    terminal: required(message.de41 ?? unnamed, 'DE41'),
    merchant: required(message.de42 ?? unnamed, 'DE42'),
    rrn: given ?? retrievalReference(clock, stan),
    hasOwnReference: given !== undefined,
    understoodAt: clock.wall(),
    untimed,
  };
}

/**
 * What a message that opens legs asks for.
 * @throws Refusal SW_FORMAT, SW_UNSUPPORTED_MESSAGE
 */
export function requestedService(message: TerminalMessage): Service {
  const mti = withoutRepeat(message.mti);
  const processingCode = required(message.de3, 'DE3');
  const service = findService({ ...message, de25: conditionOf(message) });
  if (!service) throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti, processingCode });
  return service;
}

/** DE25. An authorisation of nothing is a verification, whether it says so or not. */
function conditionOf({ mti, de4, de25 = '00' }: TerminalMessage): string {
  const asksForNothing = withoutRepeat(mti) === '0100' && de4 === NOTHING && de25 === '00';
  return asksForNothing ? VERIFICATION : de25;
}

/**
 * Reads the rest of a request that opens legs.
 * @throws Refusal SW_FORMAT, SW_UNSUPPORTED_MESSAGE, SW_CARD_MISSING, SW_CARD_CONTRADICTORY,
 *   SW_CURRENCY_UNKNOWN, SW_AMOUNT
 */
export function understandPayment(
  message: TerminalMessage,
  sender: Sender,
  clock: Clock,
  currencies?: CurrencyList,
): PaymentRequest {
  const service = requestedService(message);
  const reference = REFERRING.has(service.kind) ? givenReference(message)?.trim() : undefined;
  if (service.deed === 'add' && !reference) throw new Refusal('SW_FORMAT', { element: 'DE37' });

  return {
    ...sender,
    ...(reference && {
      refersTo: reference,
      rrn: retrievalReference(clock, sender.stan),
      hasOwnReference: false,
    }),
    ...(service.kind === 'refund' && message.de38?.trim() && { originalApprovalCode: message.de38 }),
    service,
    ...readPayment(message, service.kind, service.amount, currencies),
    processingCode: required(message.de3, 'DE3'),
    posConditionCode: message.de25 ?? '00',
  };
}

/** What payments and advices of payments share. @throws Refusal */
export function readPayment(
  message: TerminalMessage,
  kind: TransactionKind,
  rule: Service['amount'],
  currencies?: CurrencyList,
) {
  const amount = readMoney(message, rule, currencies);
  return {
    amount,
    ...(kind === 'cashback' && { cashbackMinorUnits: readCashback(message, amount) }),
    posEntryMode: message.de22 ?? '000',
    ...(message.de18 !== undefined && { merchantCategory: message.de18 }),
    ...(message.de32 !== undefined && { acquirer: message.de32 }),
    card: readCard(message, kind),
    ...(message.de52 && { terminalPinBlock: message.de52 }),
  };
}

/** DE4 and DE49. @throws Refusal SW_FORMAT, SW_CURRENCY_UNKNOWN, SW_AMOUNT */
export function readMoney(
  message: TerminalMessage,
  rule: Service['amount'],
  currencies?: CurrencyList,
): Money {
  const currency = required(message.de49, 'DE49');
  if (!isKnownCurrency(currency, currencies)) throw new Refusal('SW_CURRENCY_UNKNOWN', { currency });
  if (rule === 'none') return { minorUnits: 0, currency };
  const minorUnits = Number(required(message.de4, 'DE4'));
  if (rule === 'zero' ? minorUnits !== 0 : minorUnits === 0) {
    throw new Refusal('SW_AMOUNT', { element: 'DE4' });
  }
  return { minorUnits, currency };
}

/** DE54, amount type 40: part of DE4. */
function readCashback(message: TerminalMessage, amount: Money): number {
  const found = message.de54?.find(({ amountType }) => amountType === CASHBACK);
  if (!found) throw new Refusal('SW_FORMAT', { element: 'DE54' });
  const minorUnits = Number(found.amount);
  if (minorUnits >= amount.minorUnits || found.currency !== amount.currency) {
    throw new Refusal('SW_AMOUNT', { element: 'DE54' });
  }
  return minorUnits;
}

function readCard(message: TerminalMessage, kind: TransactionKind): Omit<CardData, 'pinBlock'> {
  const emv = message.de55 && isTlv(message.de55) ? message.de55 : undefined;
  // What has happened at the terminal already is taken without it: to refuse it would lose the sale.
  const isToldLater = kind === 'offline-purchase';
  if (message.de55 && !emv && !isToldLater) throw new Refusal('SW_FORMAT', { element: 'DE55' });

  const expiry = message.de14 ?? message.de35?.expiry();
  return {
    pan: readPan(message),
    ...(expiry !== undefined && { expiry }),
    ...(message.de23 !== undefined && { sequenceNumber: message.de23 }),
    ...(message.de35 && { track2: message.de35 }),
    ...(message.de45 && { track1: message.de45 }),
    ...(emv && { emv }),
  };
}

/** @throws Refusal SW_CARD_MISSING, SW_CARD_CONTRADICTORY, SW_FORMAT */
export function readPan(message: TerminalMessage): Pan {
  const fromTrack = message.de35?.pan();
  const pan = message.de2 ?? fromTrack;
  if (!pan) throw new Refusal('SW_CARD_MISSING', { element: 'DE2' });
  if (pan.length < SHORTEST_PAN) throw new Refusal('SW_FORMAT', { element: 'DE2', minimum: SHORTEST_PAN });
  if (fromTrack && !pan.equals(fromTrack)) throw new Refusal('SW_CARD_CONTRADICTORY', { element: 'DE35' });
  return pan;
}

/** DE12 and DE13; a terminal without them is taken by its transmission time, DE7 (MMDDhhmmss). */
function localDateTime(message: TerminalMessage): { localDate: string; localTime: string } {
  if (message.de12 !== undefined && message.de13 !== undefined) {
    return { localTime: message.de12, localDate: message.de13 };
  }
  const transmitted = required(message.de7, 'DE12 and DE13, or DE7');
  return { localDate: transmitted.slice(0, 4), localTime: transmitted.slice(4) };
}

/** DE37; blanks and zeros name nothing. */
export function givenReference({ de37 }: Pick<TerminalMessage, 'de37'>): string | undefined {
  return de37 !== undefined && /[^0 ]/.test(de37) ? de37 : undefined;
}

/**
 * A retrieval reference for a terminal that sends none: last digit of the year, day of the year, hour, STAN.
 * Where a merchant's transaction of the same hour has it already, other digits take the place of the STAN
 * (`anotherReference`).
 */
export function retrievalReference(clock: Clock, stan: string): string {
  const now = utcCalendar(clock.wall());
  return `${dayOfReference(now)}${digits(now.hour, 2)}${stan}`;
}

/** How a retrieval reference of a day begins: last digit of the year, day of the year. */
export function dayOfReference({ year, dayOfYear }: Pick<UtcCalendar, 'year' | 'dayOfYear'>): string {
  return `${year % 10}${digits(dayOfYear, 3)}`;
}

/**
 * A retrieval reference of the same hour for a merchant whose tills count alike: each till's numbers begin elsewhere,
 * so that two of them seldom come to the same.
 */
export function referenceApart(rrn: string, terminal: string): string {
  let start = 0;
  for (const letter of terminal) start = (start * 31 + letter.charCodeAt(0) * 7_919) % 10 ** STAN_DIGITS;
  const number = (Number(rrn.slice(-STAN_DIGITS)) + start) % 10 ** STAN_DIGITS;
  return rrn.slice(0, -STAN_DIGITS) + digits(number, STAN_DIGITS);
}

/** A retrieval reference of the same hour, where the first was taken. */
export function anotherReference(rrn: string, random: Random): string {
  return rrn.slice(0, -STAN_DIGITS) + digits(random.integer(10 ** STAN_DIGITS), STAN_DIGITS);
}

/** DE7 of what we send: MMDDhhmmss in UTC. */
export function transmissionTime(clock: Clock): string {
  const { month, day, hour, minute, second } = utcCalendar(clock.wall());
  return digits(month, 2) + digits(day, 2) + digits(hour, 2) + digits(minute, 2) + digits(second, 2);
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

export function required<T>(value: T | undefined, element: string): T {
  if (value === undefined) throw new Refusal('SW_FORMAT', { element });
  return value;
}
