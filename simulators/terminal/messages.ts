import { Bytes, Pan, PinBlock, Track2 } from '../../messages/index.ts';
import { type Clock, utcCalendar } from '../../runtime/index.ts';
import type { TerminalKeys } from './keys.ts';
import type { Profile, TerminalMessage } from './profiles.ts';
import { CARD_SERVICES, type CardService } from './services.ts';

export interface PurchaseOrder {
  /** Minor units. */
  amount: number;
  /** ISO 4217 numeric. */
  currency: string;
  card: string;
  /** Four to twelve digits; absent: no DE52. */
  pin?: string;
  /** YYMM. */
  expiry?: string;
  /** DE35, sent beside DE2. */
  track2?: string;
  /** DE37; absent: the switch assigns one. Of a refund: what is refunded. */
  rrn?: string;
  /** Of a cashback: what is handed out, part of `amount`. Minor units. */
  cashback?: number;
  /** DE38 of an offline purchase, six characters. */
  approvalCode?: string;
}

/** An earlier message, as later ones refer to it. */
export interface Original {
  mti: string;
  stan: string;
  /** DE7. */
  time: string;
  /** DE3. */
  processingCode: string;
  /** Minor units. */
  amount: number;
  currency: string;
  rrn?: string;
  approvalCode?: string;
}

export interface Sender {
  terminal: string;
  merchant: string;
  profile: Profile;
  /** Absent where the profile is not secured. */
  keys?: TerminalKeys;
}

/** When a message leaves, and as which of the terminal's messages. */
export interface Moment {
  stan: string;
  clock: Clock;
}

const NO_MAC_YET = Bytes.of(Buffer.alloc(8));
const PREAUTHORISED = '06';
/** DE54 amount type 40: cash handed out. */
const CASHBACK = '40';

/** A request or advice that begins with a card, without its MAC. */
export function cardMessage(
  service: CardService,
  order: PurchaseOrder,
  sender: Sender,
  moment: Moment,
): TerminalMessage {
  const { condition, hasAmount, mti, processing } = CARD_SERVICES[service];
  const { keys } = sender;
  const pinBlock =
    keys && order.pin !== undefined ? PinBlock.of(keys.pins.encrypt(order.pin, order.card)) : undefined;
  return {
    ...envelope(mti, sender, moment),
    de3: `${processing}0000`,
    de4: digits(hasAmount ? order.amount : 0, 12),
    ...cardElements(order),
    de25: condition,
    de37: order.rrn,
    de38: order.approvalCode,
    de49: order.currency,
    de52: pinBlock,
    de54: order.cashback === undefined ? undefined : [cashHandedOut(order.cashback, order.currency)],
  };
}

/** More for a pre-authorisation (0100): it names it by DE37 and DE38; `order.amount` is what is added. */
export function incrementMessage(
  { rrn, approvalCode }: Pick<Original, 'rrn' | 'approvalCode'>,
  order: PurchaseOrder,
  sender: Sender,
  moment: Moment,
): TerminalMessage {
  return { ...cardMessage('preauth', order, sender, moment), de37: rrn, de38: approvalCode };
}

/** The advice (0220) that turns a pre-authorisation into what is captured: `order.amount`. */
export function completionMessage(
  original: Pick<Original, 'rrn' | 'approvalCode'>,
  order: PurchaseOrder,
  sender: Sender,
  moment: Moment,
): TerminalMessage {
  return {
    ...envelope('0220', sender, moment),
    de3: '000000',
    de4: digits(order.amount, 12),
    ...cardElements(order),
    de25: PREAUTHORISED,
    de37: original.rrn,
    de38: original.approvalCode,
    de49: order.currency,
  };
}

/** A void (0200, processing code 02): found by DE37. */
export function voidMessage(
  original: Pick<Original, 'rrn' | 'approvalCode' | 'amount' | 'currency'>,
  sender: Sender,
  moment: Moment,
): TerminalMessage {
  return {
    ...envelope('0200', sender, moment),
    de3: '020000',
    de4: digits(original.amount, 12),
    de25: '00',
    de37: original.rrn,
    de38: original.approvalCode,
    de49: original.currency,
  };
}

/** A reversal (0400): found by DE90. @param remaining what stays, in minor units; absent: nothing */
export function reversalMessage(
  original: Original,
  remaining: number | undefined,
  sender: Sender,
  moment: Moment,
): TerminalMessage {
  return {
    ...envelope('0400', sender, moment, 'de128'),
    de3: original.processingCode,
    de4: digits(original.amount, 12),
    de25: '00',
    de37: original.rrn,
    de38: original.approvalCode,
    de49: original.currency,
    de90: originalData(original),
    de95: remaining === undefined ? undefined : replacementAmounts(remaining),
  };
}

export interface BatchTotals {
  sales: { count: number; amount: number };
  refunds: { count: number; amount: number };
}

/** DE3 of a 0500: the totals of a batch, and the totals again once every transaction was uploaded. */
export const SETTLEMENT = { totals: '920000', afterUpload: '960000' } as const;

/**
 * A reconciliation request (0500): DE60 is the batch number, DE63 the number (3 digits) and amount (12) of sales,
 * then of refunds.
 */
export function settlementMessage(
  processingCode: string,
  batch: { number: number; currency: string; totals: BatchTotals },
  sender: Sender,
  moment: Moment,
): TerminalMessage {
  const { sales, refunds } = batch.totals;
  const total = ({ count, amount }: BatchTotals['sales']) => digits(count, 3) + digits(amount, 12);
  return {
    ...envelope('0500', sender, moment),
    de3: processingCode,
    de49: batch.currency,
    de60: digits(batch.number, 6),
    de63: total(sales) + total(refunds),
  };
}

/** One transaction of a batch (0320): what stands of it in DE4, which it was in DE90. */
export function uploadMessage(
  original: Original,
  batchNumber: number,
  sender: Sender,
  moment: Moment,
): TerminalMessage {
  return {
    ...envelope('0320', sender, moment, 'de128'),
    de3: original.processingCode,
    de4: digits(original.amount, 12),
    de37: original.rrn,
    de38: original.approvalCode,
    de49: original.currency,
    de60: digits(batchNumber, 6),
    de90: originalData(original),
  };
}

/** DE70: 001 sign-on, 002 sign-off, 301 echo. */
export function networkMessage(code: string, sender: Sender, moment: Moment): TerminalMessage {
  const { keys: _, ...unsealed } = sender;
  const { de12: _time, de13: _date, ...message } = envelope('0800', unsealed, moment);
  return { ...message, de70: code };
}

/** An 0800 that asks for keys: without a MAC, since who has lost its keys has none to make. */
export function keyRequestMessage({ keys: _, ...unsealed }: Sender, moment: Moment): TerminalMessage {
  const { de12: _time, de13: _date, ...message } = envelope('0800', unsealed, moment);
  return { ...message, ...unsealed.profile.keyManagement?.request };
}

/** An 0800 that tells which keys the terminal has, sealed with them: their key check values in DE62. */
export function keyConfirmationMessage(
  computed: { pin: string; mac: string },
  sender: Sender,
  moment: Moment,
): TerminalMessage {
  const { confirmation } = sender.profile.keyManagement ?? {};
  const mac = confirmation?.de70 === undefined ? 'de64' : 'de128';
  const { de12: _time, de13: _date, ...message } = envelope('0800', sender, moment, mac);
  return { ...message, ...confirmation, de62: computed.pin + computed.mac };
}

/** The message as it goes on the wire, framed, its MAC written where it has one. */
export function frameOf(message: TerminalMessage, { keys, profile }: Sender): Buffer {
  const packed = profile.codec.pack(message);
  if (message.de64 ?? message.de128) keys?.seal(profile, packed);
  return profile.framing.encode(packed, profile.frameHeader);
}

/** What every message of a terminal has; its MAC is the last element: DE128 where any is beyond DE64. */
function envelope(
  mti: string,
  { keys, merchant, terminal }: Sender,
  { clock, stan }: Moment,
  mac: 'de64' | 'de128' = 'de64',
) {
  const { date, time } = now(clock);
  return {
    mti,
    de7: date + time,
    de11: stan,
    de12: time,
    de13: date,
    de41: terminal,
    de42: merchant,
    ...(keys && { [mac]: NO_MAC_YET }),
  };
}

function cardElements(order: PurchaseOrder) {
  const { card, expiry, track2 } = order;
  return {
    de2: Pan.of(card),
    de14: expiry,
    de18: '5999',
    de22: entryMode(order),
    de35: track2 === undefined ? undefined : Track2.of(track2),
  };
}

function cashHandedOut(minorUnits: number, currency: string) {
  return { accountType: '00', amountType: CASHBACK, currency, sign: 'D', amount: digits(minorUnits, 12) };
}

function originalData({ mti, stan, time }: Original) {
  return { mti, stan, transmission: time, acquirer: digits(0, 11), forwarder: digits(0, 11) };
}

function replacementAmounts(remaining: number) {
  return {
    transaction: digits(remaining, 12),
    settlement: digits(0, 12),
    transactionFee: 'C00000000',
    settlementFee: 'C00000000',
  };
}

/** DE22: keyed or magnetic stripe, and whether a PIN was entered. */
function entryMode({ track2, pin }: PurchaseOrder): string {
  return `${track2 === undefined ? '01' : '02'}${pin === undefined ? '2' : '1'}`;
}

/** MMDD and hhmmss in UTC; the simulated terminals stand in Greenwich. */
function now(clock: Clock): { date: string; time: string } {
  const { month, day, hour, minute, second } = utcCalendar(clock.wall());
  return { date: digits(month, 2) + digits(day, 2), time: [hour, minute, second].map(two).join('') };
}

function two(value: number): string {
  return digits(value, 2);
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
