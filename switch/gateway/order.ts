import { hash } from 'node:crypto';
import type { Pan } from '../../messages/index.ts';
import { type Random, utcCalendar } from '../../runtime/index.ts';
import type { Witness } from '../admission/inbound.ts';
import { numericCurrency } from '../config/currency.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { fieldProblem, Problem } from './problems.ts';
import type { PaymentOrder } from './schemas.ts';

// From what an application orders to the message that the core knows: a purchase of a card that is not there, over
// electronic commerce. A second core beside the one that terminals reach was rejected: whatever is mended in one would
// be wrong in the other. So an order becomes the same data elements, and meets the same rules.

/** DE22: electronic commerce, no PIN. DE25: the same. */
const ELECTRONIC_COMMERCE = { de22: '810', de25: '59' } as const;
const SHORTEST_PAN = 12;
const LONGEST_PAN = 19;
/** No order is deeper: what lies below is an unknown field. */
const DEEPEST = 4;

export interface MoneyOrder {
  readonly value: number;
  readonly currency: string;
}

/** What every message needs beside what is ordered. */
interface MessageParts {
  readonly merchant: string;
  readonly terminal: string;
  readonly nowMs: number;
  readonly random: Random;
}

export interface OrderParts extends MessageParts {
  readonly pan: Pan;
  /** YYMM. */
  readonly expiry: string | undefined;
}

/** A purchase, or what is only set aside until it is captured. @throws Problem GW_FIELD */
export function orderMessage(order: PaymentOrder, parts: OrderParts): TerminalMessage {
  const { value, currency } = order.amount;
  const { pan, expiry } = parts;
  return {
    ...numbersOf(parts),
    ...ELECTRONIC_COMMERCE,
    ...(order.capture === 'manual' ? { mti: '0100', de25: '06' } : { mti: '0200' }),
    de2: pan,
    de3: '000000',
    de4: String(value).padStart(12, '0'),
    ...(expiry !== undefined && { de14: expiry }),
    de49: numericOf(currency),
  };
}

/** What is said of a payment that exists; which of them is for DE3 and the message type. */
export function correctionMessage(
  parts: MessageParts & { readonly rrn: string; readonly currency: string },
): Omit<TerminalMessage, 'mti'> {
  const { rrn, currency } = parts;
  return { ...numbersOf(parts), ...ELECTRONIC_COMMERCE, de37: rrn, de49: currency };
}

/** @throws Problem GW_FIELD */
export function numericOf(currency: string): string {
  const numeric = /^[0-9]/.test(currency) ? currency : numericCurrency(currency);
  if (numeric === undefined) throw fieldProblem('/amount/currency', 'is no currency of ISO 4217');
  return numeric;
}

function numbersOf({ merchant, terminal, nowMs, random }: MessageParts) {
  const { month, day, hour, minute, second } = utcCalendar(nowMs);
  return {
    de7: [month, day, hour, minute, second].map(twoDigits).join(''),
    de11: String(random.integer(1_000_000)).padStart(6, '0'),
    de41: terminal.padEnd(8),
    de42: merchant.padEnd(15),
  };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** YYMM; a month and its year belong together. @throws Problem GW_FIELD */
export function expiryOf(
  month: number | undefined,
  year: number | undefined,
  names: string,
): string | undefined {
  if (month === undefined && year === undefined) return undefined;
  if (month === undefined) throw fieldProblem(`/${names}_month`, 'belongs to the year');
  if (year === undefined) throw fieldProblem(`/${names}_year`, 'belongs to the month');
  return twoDigits(year % 100) + twoDigits(month);
}

/** What an order says of the proof. */
type WitnessOrder = Pick<PaymentOrder, 'consumer_id' | 'receipt_data' | 'supplier_ids'>;

/** Who takes part in the proof. @throws Problem GW_RECEIPT */
export function witnessOf(order: WitnessOrder, merchant: string): Witness {
  const { consumer_id: consumer, receipt_data: receipt, supplier_ids: suppliers = [] } = order;
  if (consumer === merchant) throw fieldProblem('/consumer_id', 'is the merchant', 'GW_RECEIPT');
  const others = new Set([merchant, ...(consumer === undefined ? [] : [consumer])]);
  for (const [index, supplier] of suppliers.entries()) {
    if (others.has(supplier)) {
      throw fieldProblem(`/supplier_ids/${index}`, 'takes part already', 'GW_RECEIPT');
    }
    others.add(supplier);
  }
  return {
    ...(consumer !== undefined && { consumer }),
    ...(receipt !== undefined && { receiptHash: receiptHashOf(receipt) }),
    ...(suppliers.length > 0 && { suppliers }),
  };
}

/** What is only set aside is not witnessed: who takes part is said when it is captured. @throws Problem GW_FIELD */
export function refuseEarlyWitness(order: PaymentOrder): void {
  if (order.capture !== 'manual') return;
  const early = (['consumer_id', 'receipt_data', 'supplier_ids'] as const).find((name) => order[name]);
  if (early !== undefined) throw fieldProblem(`/${early}`, 'is said with the capture');
}

/** Of the bytes; text that decodes to other bytes than it says is no base64. @throws Problem GW_RECEIPT */
function receiptHashOf(receipt: string): string {
  const bytes = Buffer.from(receipt, 'base64');
  const withoutPadding = (text: string) => text.replace(/=+$/, '');
  if (withoutPadding(bytes.toString('base64')) !== withoutPadding(receipt)) {
    throw fieldProblem('/receipt_data', 'is no base64', 'GW_RECEIPT');
  }
  return hash('sha256', bytes);
}

/**
 * All that was ordered, hashed: what comes again under the same key must be the same. The order's fields are taken by
 * name, so that it does not matter in which order they came.
 */
export function contentOf(order: { readonly amount: MoneyOrder }): string {
  const { amount, ...rest } = order;
  const named = Object.entries({ ...rest, value: amount.value, currency: amount.currency });
  const sorted = named.sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify(sorted), 'base64url').slice(0, 22);
}

/**
 * Refuses a card number in a field that is no place for one, before anything is looked up or written down. What has
 * the length and the check digit of a card number is taken for one, with blanks and dashes or without.
 * @throws Problem GW_CARD_NUMBER, with the path and never the value
 */
export function refuseCardNumbers(value: unknown, path = '', depth = 0): void {
  if (typeof value === 'string') {
    if (isCardNumber(value)) {
      throw new Problem('GW_CARD_NUMBER', { faults: [{ path, message: 'holds a card number' }] });
    }
  } else if (typeof value === 'object' && value !== null && depth < DEEPEST) {
    for (const [key, inner] of Object.entries(value)) refuseCardNumbers(inner, `${path}/${key}`, depth + 1);
  }
}

function isCardNumber(text: string): boolean {
  if (text.length > 2 * LONGEST_PAN) return false;
  const digits = text.replaceAll(/[ -]/g, '');
  if (digits.length < SHORTEST_PAN || digits.length > LONGEST_PAN || !/^[0-9]+$/.test(digits)) return false;
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const doubled = Number(digit) * (1 + (index % 2));
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
