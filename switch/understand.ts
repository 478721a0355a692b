import type { CardData, Money } from '../connectors/index.ts';
import { isRepeat, type Pan, type PinBlock } from '../messages/index.ts';
import { type Clock, utcCalendar } from '../runtime/index.ts';
import { isKnownCurrency } from './currency.ts';
import { Refusal } from './errors.ts';
import type { TerminalMessage } from './terminal-message.ts';

/** A purchase as the terminal asked for it, before anyone has looked up who it is. */
export interface PurchaseRequest {
  /** The terminal says that it has sent this before (MTI x1x1). */
  readonly repeat: boolean;
  readonly processingCode: string;
  readonly amount: Money;
  readonly stan: string;
  readonly localTime: string;
  readonly localDate: string;
  readonly terminal: string;
  readonly merchant: string;
  readonly posEntryMode: string;
  readonly posConditionCode: string;
  readonly merchantCategory?: string;
  readonly acquirer?: string;
  readonly rrn: string;
  readonly card: Omit<CardData, 'pinBlock'>;
  /** Still under the terminal's own key. */
  readonly terminalPinBlock?: PinBlock;
}

const PURCHASE = '00';
const SHORTEST_PAN = 12;

/**
 * Reads a 0100 (or its repeat) into a purchase.
 * @throws Refusal SW_FORMAT, SW_UNSUPPORTED_MESSAGE, SW_CARD_MISSING, SW_CARD_CONTRADICTORY,
 *   SW_CURRENCY_UNKNOWN, SW_AMOUNT_ZERO
 */
export function understandPurchase(message: TerminalMessage, clock: Clock): PurchaseRequest {
  const processingCode = required(message.de3, 'DE3');
  if (!processingCode.startsWith(PURCHASE)) {
    throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti: message.mti, processingCode });
  }
  const stan = required(message.de11, 'DE11');
  const { localDate, localTime } = localDateTime(message);
  return {
    repeat: isRepeat(message.mti),
    processingCode,
    amount: readAmount(message),
    stan,
    localDate,
    localTime,
    terminal: required(message.de41, 'DE41'),
    merchant: required(message.de42, 'DE42'),
    posEntryMode: message.de22 ?? '000',
    posConditionCode: message.de25 ?? '00',
    ...(message.de18 !== undefined && { merchantCategory: message.de18 }),
    ...(message.de32 !== undefined && { acquirer: message.de32 }),
    rrn: message.de37?.trim() ? message.de37 : retrievalReference(clock, stan),
    card: readCard(message),
    ...(message.de52 && { terminalPinBlock: message.de52 }),
  };
}

function readAmount(message: TerminalMessage): Money {
  const minorUnits = Number(required(message.de4, 'DE4'));
  const currency = required(message.de49, 'DE49');
  if (!isKnownCurrency(currency)) throw new Refusal('SW_CURRENCY_UNKNOWN', { currency });
  if (minorUnits === 0) throw new Refusal('SW_AMOUNT_ZERO', { element: 'DE4' });
  return { minorUnits, currency };
}

function readCard(message: TerminalMessage): Omit<CardData, 'pinBlock'> {
  const expiry = message.de14 ?? message.de35?.expiry();
  return {
    pan: readPan(message),
    ...(expiry !== undefined && { expiry }),
    ...(message.de23 !== undefined && { sequenceNumber: message.de23 }),
    ...(message.de35 && { track2: message.de35 }),
    ...(message.de55 && { emv: message.de55 }),
  };
}

function readPan(message: TerminalMessage): Pan {
  const fromTrack = message.de35?.pan();
  const pan = message.de2 ?? fromTrack;
  if (!pan) throw new Refusal('SW_CARD_MISSING', { element: 'DE2' });
  if (pan.length < SHORTEST_PAN) throw new Refusal('SW_FORMAT', { element: 'DE2', minimum: SHORTEST_PAN });
  if (fromTrack && !pan.equals(fromTrack)) {
    throw new Refusal('SW_CARD_CONTRADICTORY', { element: 'DE35' });
  }
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

/**
 * A retrieval reference for a terminal that sends none: last digit of the year, day of the year, hour, STAN.
 * Together with the terminal it names one transaction within ten years.
 */
export function retrievalReference(clock: Clock, stan: string): string {
  const { year, dayOfYear, hour } = utcCalendar(clock.wall());
  return `${year % 10}${digits(dayOfYear, 3)}${digits(hour, 2)}${stan}`;
}

/** DE7 of what we send: MMDDhhmmss in UTC. */
export function transmissionTime(clock: Clock): string {
  const { month, day, hour, minute, second } = utcCalendar(clock.wall());
  return digits(month, 2) + digits(day, 2) + digits(hour, 2) + digits(minute, 2) + digits(second, 2);
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function required(value: string | undefined, element: string): string {
  if (value === undefined) throw new Refusal('SW_FORMAT', { element });
  return value;
}
