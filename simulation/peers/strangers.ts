import { type Bytes, Pan } from '../../messages/index.ts';
import { envelope, reversalMessage, voidMessage } from './messages.ts';
import { withBrokenMac } from './notice.ts';
import type { Payment } from './payment.ts';
import { isYes } from './services.ts';
import type { Dialogue, Terminal } from './terminal.ts';
import type { TerminalMessage } from './terminal-dialects.ts';

// What must have no effect on a payment, whoever says it. What was said is asked once; nobody repeats it.

const ACCEPTED = '00';
/** Taken, of no payment that is known, or not now. */
const CHIP_ANSWERS: ReadonlySet<string> = new Set(['00', '25', '91', '96', '63']);

/** The same numbers with another amount: it must be refused. */
export function alter(payment: Payment, amount: number): void {
  const { terminal, order, message, id, belief } = payment;
  if (belief !== 'approved') return;
  const altered = { ...message, de4: String(amount).padStart(12, '0') };
  const words = `the numbers of the ${order.kind} of ${order.amount}, altered to ${amount} [${altered.mti} ${id}]`;
  say(terminal, altered, words, ({ de39 = '' }) => {
    if (!isYes(order.kind, de39)) return;
    terminal.world.violate('I3 one effect', `${id} was approved again for ${amount}`);
  });
}

/** Somebody else's terminal says the numbers of the payment as its own: a void must be refused. */
export function takenBackByStranger(payment: Payment, what: 'void' | 'reversal', at: Terminal): boolean {
  if (payment.belief !== 'approved' || payment.rrn === undefined || at.isSettling) return false;
  const { merchant } = at.settings;
  const message =
    what === 'void' ? voidMessage(payment, at) : { ...reversalMessage(payment, 0), ...envelope(at) };
  say(
    at,
    message,
    `${what} of ${payment.order.amount} by another merchant, ${merchant} [${message.mti}]`,
    ({ de39 }) => {
      if (what !== 'void' || de39 !== ACCEPTED) return;
      at.world.violate('I3 one effect', `${payment.id} was voided by ${merchant}, who did not sell it`);
    },
  );
  return true;
}

/** The terminal's own reversal, with the numbers of this payment and another card: one of the two is not meant. */
export function reversedForAnotherCard(payment: Payment, pan: string): boolean {
  const { terminal, belief, order, id } = payment;
  if (belief !== 'approved' || order.pan === pan || terminal.isSettling) return false;
  const message = { ...reversalMessage(payment, 0), de2: Pan.of(pan) };
  const words = `reversal of ${order.amount} with another card [${message.mti} ${id}]`;
  say(terminal, message, words, () => {});
  return true;
}

/** Payments that their chip refused (AAC), by what became of telling so: whether the switch took note of it. */
const REFUSED_BY_CHIP = new WeakMap<Payment, 'told' | 'noted'>();

export function chipRefusal(payment: Payment): 'told' | 'noted' | undefined {
  return REFUSED_BY_CHIP.get(payment);
}

/** What the chip said of a payment is evidence: whatever it is, no money moves. */
export function chipTold(payment: Payment, chip: Bytes, isRefusal: boolean): boolean {
  const { terminal, belief, message, order, rrn } = payment;
  if (belief !== 'approved' || rrn === undefined || terminal.isSettling) return false;
  const { de2, de3, de4, de49, de7 = '', de11 = '' } = message;
  const nobody = '0'.repeat(11);
  const told: TerminalMessage = {
    mti: '0320',
    ...envelope(terminal),
    de2,
    de3,
    de4,
    de49,
    de37: rrn,
    de55: chip,
    de90: { mti: message.mti, stan: de11, transmission: de7, acquirer: nobody, forwarder: nobody },
  };
  if (isRefusal) REFUSED_BY_CHIP.set(payment, 'told');
  say(terminal, told, `what the chip said of ${order.amount} [0320 ${told.de11}]`, ({ de39 = '' }) => {
    if (isRefusal && de39 === ACCEPTED) REFUSED_BY_CHIP.set(payment, 'noted');
    if (CHIP_ANSWERS.has(de39)) return;
    terminal.world.violate(
      'I7 reply discipline',
      `what the chip said of ${order.amount} was answered ${de39}`,
    );
  });
  return true;
}

/** The terminal tells of something that is no service here. Its amount is no payment's of the run. */
export function toldOfNoService({ terminal, order }: Payment, de3: string, minorUnits: number): boolean {
  if (terminal.isSettling) return false;
  const message: TerminalMessage = {
    mti: '0220',
    ...envelope(terminal),
    de2: Pan.of(order.pan),
    de3,
    de4: String(minorUnits).padStart(12, '0'),
    de22: '071',
    de25: '00',
    de38: 'OFF000',
    de39: '00',
    de49: order.currency,
  };
  say(terminal, message, `0220 ${message.de11} of no service (${de3})`, () => {});
  return true;
}

/** Somebody without the terminal's key asks in its name: no answer may bear its seal. */
export function forge({ terminal, message }: Payment, change: Partial<TerminalMessage>): boolean {
  if (!terminal.keys || terminal.isSettling) return false;
  const forged = { ...message, ...envelope(terminal), ...change } as TerminalMessage;
  const { mti, de11 } = forged;
  const spoil = withBrokenMac;
  say(
    terminal,
    forged,
    `somebody forges a message in its name [${mti} ${de11}]`,
    (_, isTrusted) => {
      if (!isTrusted) return;
      terminal.world.violate('I10 fail closed', `a forged ${mti} was answered under a seal`);
    },
    spoil,
  );
  return true;
}

function say(
  at: Terminal,
  message: TerminalMessage,
  words: string,
  answered: Dialogue['answered'],
  spoil?: (frame: Buffer) => Buffer,
): void {
  const dialogue: Dialogue = { answered, cutOff() {} };
  at.expect(message, dialogue);
  at.world.tell(at.settings.id, () => `→ ${words}`);
  at.send(message, dialogue, spoil);
}
