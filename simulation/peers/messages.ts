import { Pan, PinBlock } from '../../messages/index.ts';
import { CARD_PIN } from './issuer.ts';
import type { PaymentOrder, Referred } from './payment-order.ts';
import { PAYMENTS } from './services.ts';
import type { Terminal } from './terminal.ts';
import type { TerminalMessage } from './terminal-dialects.ts';

const PREAUTHORISED = '06';
/** DE54 amount type 40: cash handed out, part of DE4. */
const CASHBACK = '40';
/** DE54 amount type 44: what the customer gave on top. */
const TIP = '44';
const NO_FEE = 'C00000000';

/** A payment as far as later messages about it need to know. */
interface KnownPayment extends Referred {
  readonly terminal: Terminal;
  readonly order: PaymentOrder;
  /** What opened it. */
  readonly message: TerminalMessage;
  /** As approved, in minor units. */
  readonly amount: number;
}

/** The message that opens a payment. */
export function paymentMessage(terminal: Terminal, order: PaymentOrder): TerminalMessage {
  const { keys } = terminal;
  const { processing, condition } = PAYMENTS[order.kind];
  const pin = order.wrongPin ? '0000' : CARD_PIN;
  return {
    mti: order.mti,
    ...envelope(terminal),
    de2: Pan.of(order.pan),
    de3: `${processing}0000`,
    de4: digits12(order.amount),
    de22: order.withPin ? '051' : '071',
    de25: condition,
    de49: order.currency,
    ...(order.refersTo && { de37: order.refersTo.rrn, de38: order.refersTo.approvalCode }),
    ...(PAYMENTS[order.kind].isTold && { de38: offlineApproval(order), de39: '00' }),
    ...(order.withPin && keys && { de52: PinBlock.of(keys.pins.encrypt(pin, order.pan)) }),
    ...(order.cash !== undefined && { de54: [additional(CASHBACK, order.cash, order.currency)] }),
  };
}

/** 0400 or 0420: found by DE90. @param remaining what stays of it; 0: nothing */
export function reversalMessage(
  { terminal, message, order }: KnownPayment,
  remaining: number,
): TerminalMessage {
  const { de2, de3, de4, de7 = '', de11 = '', de22, de25, de49 } = message;
  const nobody = '0'.repeat(11);
  return {
    mti: order.reversalMti,
    ...envelope(terminal),
    de2,
    de3,
    de4,
    de22,
    de25,
    de49,
    de90: { mti: message.mti, stan: de11, transmission: de7, acquirer: nobody, forwarder: nobody },
    ...(remaining > 0 && { de95: replacementAmounts(remaining) }),
  };
}

/** 0200 with processing code 02: found by DE37. */
export function voidMessage(
  { order, rrn, approvalCode, amount }: KnownPayment,
  at: Terminal,
): TerminalMessage {
  return {
    mti: '0200',
    ...envelope(at),
    de3: '020000',
    de4: digits12(amount),
    de25: '00',
    de37: rrn,
    de38: approvalCode,
    de49: order.currency,
  };
}

/** 0400 that names a void. */
export function voidReversalMessage(voided: TerminalMessage, at: Terminal): TerminalMessage {
  const { mti, de3, de4, de7 = '', de11 = '', de25, de37, de49 } = voided;
  const nobody = '0'.repeat(11);
  return {
    mti: '0400',
    ...envelope(at),
    de3,
    de4,
    de25,
    de37,
    de49,
    de90: { mti, stan: de11, transmission: de7, acquirer: nobody, forwarder: nobody },
  };
}

/** 0220 with processing code 02: found by DE37; DE4 is the new total, DE54 the tip. */
export function tipMessage(
  { order, rrn, approvalCode, terminal, amount }: KnownPayment,
  total: number,
): TerminalMessage {
  return {
    mti: '0220',
    ...envelope(terminal),
    de2: Pan.of(order.pan),
    de3: '020000',
    de4: digits12(total),
    de22: '011',
    de25: '00',
    de37: rrn,
    de38: approvalCode,
    de49: order.currency,
    de54: [additional(TIP, total - amount, order.currency)],
  };
}

/** 0220 with DE25 06: found by DE37; DE4 is what is taken of what was held. */
export function completionMessage(
  { order, rrn, approvalCode }: KnownPayment,
  amount: number,
  at: Terminal,
): TerminalMessage {
  return {
    mti: '0220',
    ...envelope(at),
    de2: Pan.of(order.pan),
    de3: '000000',
    de4: digits12(amount),
    de22: '071',
    de25: PREAUTHORISED,
    de37: rrn,
    de38: approvalCode,
    de49: order.currency,
  };
}

/** What every message of a terminal has. */
export function envelope(terminal: Terminal) {
  const { id, merchant } = terminal.settings;
  return {
    ...terminal.moment(),
    de11: terminal.nextStan(),
    de41: id,
    de42: merchant.padEnd(15),
  };
}

/** The terminal's own, no two alike. */
function offlineApproval({ amount }: PaymentOrder): string {
  return `OFF${String(amount).slice(-3).padStart(3, '0')}`;
}

function additional(amountType: string, minorUnits: number, currency: string) {
  return { accountType: '00', amountType, currency, sign: 'D', amount: digits12(minorUnits) };
}

function replacementAmounts(remaining: number) {
  const transaction = digits12(remaining);
  return { transaction, settlement: digits12(0), transactionFee: NO_FEE, settlementFee: NO_FEE };
}

function digits12(minorUnits: number): string {
  return String(minorUnits).padStart(12, '0');
}
