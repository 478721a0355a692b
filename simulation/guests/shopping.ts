import { Bytes, Pan } from '../../messages/index.ts';
import { completionMessage, envelope, reversalMessage, tipMessage, voidMessage } from '../peers/messages.ts';
import { Notice, type NoticeKind } from '../peers/notice.ts';
import { Payment } from '../peers/payment.ts';
import type { PaymentOrder } from '../peers/payment-order.ts';
import type { PaymentKind } from '../peers/services.ts';
import type { Terminal } from '../peers/terminal.ts';
import type { TerminalMessage } from '../peers/terminal-dialects.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { StayBooks, StayOrder } from './stay.ts';

const THOUSAND = 1_000;
const LOOKS_EVERY_MS = 300;
const MOST_TOLD = 3;
const OFTEN = 0.5;
/** Application cryptogram, then 9F27: a certificate, or a refusal. */
const CERTIFICATE = Bytes.of(Buffer.from('9f26080123456789abcdef9f270140', 'hex'));
const REFUSAL = Bytes.of(Buffer.from('9f26080123456789abcdef9f270100', 'hex'));
const KINDS = [
  'purchase',
  'purchase',
  'purchase',
  'purchase',
  'purchase',
  'cash',
  'refund',
  'pre-authorisation',
] as const;

interface Telling {
  readonly kind: NoticeKind;
  readonly message: TerminalMessage;
  /** What is so once it is accepted. */
  so?(books: StayBooks): void;
}

/**
 * A purchase, and what a shop, its acquirer or its help desk says about it afterwards in words that no terminal of ours
 * would use: by approval code instead of reference, by reference without terminal, as an advice of what was authorised,
 * as a word of the chip. One thing after the other, so that the shop's book is plain arithmetic.
 */
export class Shopping {
  readonly order: StayOrder;
  readonly terminal: Terminal;
  readonly payments: Payment[] = [];
  readonly notices: Notice[] = [];
  readonly seen = new Set<string>();
  readonly #random: SeededRandom;
  readonly #book: ((books: StayBooks) => void)[] = [];
  readonly #acts: readonly string[];
  #left: number;
  #isOver = false;
  #tip: TerminalMessage | undefined;

  constructor(terminal: Terminal, order: StayOrder, random: SeededRandom) {
    this.terminal = terminal;
    this.order = order;
    this.#random = random;
    this.#left = random.integer(MOST_TOLD + 1);
    this.#acts = Object.keys(ACTS);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isUnknown(): boolean {
    return this.payments.some(({ belief }) => belief === 'unknown');
  }

  get books(): StayBooks {
    const books = { held: 0, captured: 0, refunded: 0 };
    for (const entry of this.#book) entry(books);
    return books;
  }

  get authorised(): number {
    return this.payments.reduce((sum, { order }) => sum + order.amount, 0);
  }

  /** What was refunded and tipped may leave the proof of the whole; a case tells of it. */
  get isInParts(): boolean {
    return this.notices.length > 0;
  }

  /** It says nothing out of order. */
  readonly takenInError: readonly string[] = [];

  get tip(): TerminalMessage | undefined {
    return this.#tip;
  }

  begin(): void {
    const kind = this.#random.pick(KINDS);
    const payment = this.#ask(kind);
    const side = payment.side ?? 'captured';
    this.#book.push((books) => {
      if (payment.belief === 'approved') books[side] = payment.amount;
    });
    this.#next();
  }

  #next(): void {
    const isQuiet = this.payments.every(({ isOver }) => isOver) && this.notices.every(({ isOver }) => isOver);
    const [payment] = this.payments;
    if (isQuiet) {
      // Of what is over a chip's word or an advice is another sale: the docs say so.
      const { held, captured, refunded } = this.books;
      if (this.#left === 0 || payment?.belief !== 'approved' || held + captured + refunded === 0) {
        this.#isOver = true;
        return;
      }
      this.#left -= 1;
      this.#tell(payment);
    }
    this.terminal.process.clock.after(LOOKS_EVERY_MS * this.#random.between(0.8, 2), () => this.#next());
  }

  #tell(payment: Payment): void {
    const isTipped = this.notices.at(-1)?.order.kind === 'tip' && this.#random.chance(OFTEN);
    const name = isTipped ? 'tip reversed' : (this.#acts[this.#random.integer(this.#acts.length)] ?? '');
    // A chip speaks of purchases; what is told of anything else without its name is another payment.
    if (name.startsWith('chip') && payment.order.kind !== 'purchase') return;
    const telling = ACTS[name]?.(payment, this);
    if (!telling) return;
    const random = this.#random;
    const order = {
      kind: telling.kind,
      message: telling.message,
      remaining: 0,
      brokenMac: false,
      patienceMs: random.between(3_500, 8_000),
      doubled: random.chance(0.1),
    };
    if (telling.kind === 'tip') this.#tip = telling.message;
    const notice = new Notice(this.terminal, order, random.stream(`notice ${this.notices.length}`));
    this.notices.push(notice);
    this.#book.push((books) => {
      if (!notice.isAccepted) return;
      this.seen.add(name);
      telling.so?.(books);
    });
    notice.begin();
  }

  #ask(kind: PaymentKind): Payment {
    const random = this.#random;
    const { pan, currency, number } = this.order;
    const order: PaymentOrder = {
      kind,
      pan,
      currency,
      refersTo: undefined,
      cash: undefined,
      amount: (2 + random.integer(60)) * THOUSAND + number,
      mti: kind === 'pre-authorisation' ? '0100' : '0200',
      reversalMti: random.pick(['0400', '0420'] as const),
      wrongPin: random.chance(0.2),
      brokenMac: false,
      isLost: false,
      reversesAfterMs: undefined,
      withPin: this.terminal.keys !== undefined && kind === 'purchase' && random.chance(0.5),
      doubled: random.chance(0.1),
      patienceMs: random.between(3_500, 8_000),
      maxRepeats: 1 + random.integer(4),
    };
    const payment = new Payment(this.terminal, order, random.stream('payment'));
    this.payments.push(payment);
    payment.begin();
    return payment;
  }
}

type Act = (payment: Payment, shopping: Shopping) => Telling | undefined;

const nothing = { held: 0, captured: 0, refunded: 0 };
const undone = (books: StayBooks) => void Object.assign(books, nothing);

/** By what else a payment may be named than by terminals of ours, and what else may be said of it. */
const ACTS: Readonly<Record<string, Act>> = {
  'told again': (payment) => ({ kind: 'upload', message: advised(payment, {}) }),
  'told again with its numbers': (payment) => ({
    kind: 'upload',
    message: advised(payment, { ...named(payment), de37: undefined }),
  }),
  'told with another amount': (payment) => ({
    kind: 'upload',
    message: advised(payment, { de4: digits(payment.amount + THOUSAND) }),
  }),
  'chip said yes': (payment) => ({ kind: 'upload', message: advised(payment, { de55: CERTIFICATE }) }),
  'chip said yes with an amount of nothing': (payment) => ({
    kind: 'upload',
    message: advised(payment, { de55: CERTIFICATE, de4: digits(0), ...named(payment) }),
  }),
  'chip said no': (payment) => ({ kind: 'upload', message: advised(payment, { de55: REFUSAL }) }),
  'chip said no of nothing': (payment) => ({
    kind: 'upload',
    message: advised(payment, { de55: REFUSAL, de37: '999999999999', de38: undefined }),
  }),
  'chip said yes of another amount': (payment) => ({
    kind: 'upload',
    message: advised(payment, {
      de55: CERTIFICATE,
      de38: undefined,
      de4: digits(payment.amount + THOUSAND),
      ...named(payment),
    }),
  }),
  'chip uploaded': (payment) => ({
    kind: 'upload',
    message: { ...advised(payment, { de55: CERTIFICATE, ...named(payment) }), mti: '0320' },
  }),
  'chip uploaded with the batch': (payment) => ({
    kind: 'upload',
    message: { ...advised(payment, { de55: CERTIFICATE, de60: '000001', ...named(payment) }), mti: '0320' },
  }),
  'chip uploaded of another card': (payment) => ({
    kind: 'upload',
    message: {
      ...advised(payment, { de55: CERTIFICATE, de2: Pan.of('5019717010103742'), ...named(payment) }),
      mti: '0320',
    },
  }),
  'refund told of the sale': (payment) => {
    if (payment.side !== 'captured') return undefined;
    const message = advised(payment, { de3: '200000', de4: digits(payment.amount), de38: 'RF0001' });
    return {
      kind: 'upload',
      message,
      so: (books) => {
        books.refunded += payment.amount;
      },
    };
  },
  'refund told of more than the sale': (payment) => {
    if (payment.side !== 'captured') return undefined;
    const minorUnits = payment.amount + THOUSAND;
    const message = advised(payment, { de3: '200000', de4: digits(minorUnits), de38: 'RF0002' });
    return {
      kind: 'upload',
      message,
      so: (books) => {
        books.refunded += minorUnits;
      },
    };
  },
  'voided by its code': (payment) => ({
    kind: 'void',
    message: { ...voidMessage(payment, payment.terminal), ...byCode(payment) },
    so: undone,
  }),
  'voided by its numbers': (payment) => ({
    kind: 'void',
    message: { ...voidMessage(payment, payment.terminal), de37: undefined, ...named(payment) },
    so: undone,
  }),
  'voided by a code of nobody': (payment) => ({
    kind: 'void',
    message: { ...voidMessage(payment, payment.terminal), ...byCode(payment), de38: 'NOBODY' },
    so: undone,
  }),
  'completed by its code': (payment) => {
    if (payment.side !== 'held') return undefined;
    const { amount, terminal } = payment;
    return {
      kind: 'completion',
      message: { ...completionMessage(payment, amount, terminal), ...byCode(payment) },
      so: (books) => void Object.assign(books, { held: 0, captured: amount }),
    };
  },
  tipped: (payment, { books }) => {
    if (payment.side !== 'captured' || books.captured === 0) return undefined;
    const total = books.captured + THOUSAND;
    return {
      kind: 'tip',
      message: tipMessage(payment, total),
      so: (now) => {
        now.captured = total;
      },
    };
  },
  'tip reversed': (payment, { tip, notices }) => {
    const isTipped = notices.at(-1)?.order.kind === 'tip' && notices.at(-1)?.isAccepted;
    if (!tip || !isTipped) return undefined;
    return {
      kind: 'reversal',
      message: {
        ...reversalMessage(payment, 0),
        de3: '020000',
        de4: tip.de4,
        ...(payment.amount % 2 === 0 ? { de90: namesOf(tip) } : repeating(tip, payment)),
      },
      so: (books) => {
        books.captured -= THOUSAND;
      },
    };
  },
  'reversed by its reference': (payment) => ({
    kind: 'reversal',
    message: { ...reversalMessage(payment, 0), de90: undefined, de37: payment.rrn },
    so: undone,
  }),
  'reversed without a terminal': (payment) => nameless(payment, { de37: payment.rrn, de90: undefined }),
  'reversed without a terminal by its numbers': (payment) => nameless(payment, {}),
  'reversed without a terminal by its code': (payment) =>
    nameless(payment, { de90: undefined, de38: payment.approvalCode }),
  'reversed in part by its amount': (payment) => {
    if (payment.amount <= THOUSAND) return undefined;
    return {
      kind: 'reversal',
      message: { ...reversalMessage(payment, 0), de4: digits(payment.amount - THOUSAND) },
    };
  },
};

/** What hosts send of what they authorised long ago: an advice with its approval code. */
function advised(
  { terminal, message, rrn, approvalCode, order, amount }: Payment,
  change: Partial<TerminalMessage>,
): TerminalMessage {
  const { de2, de3, de22, de49 } = message;
  return {
    mti: '0220',
    ...envelope(terminal),
    de2,
    de3,
    de4: digits(amount),
    de22,
    de49,
    de25: order.kind === 'pre-authorisation' ? '00' : message.de25,
    de37: rrn,
    de38: approvalCode,
    de39: '00',
    ...change,
  };
}

/** Without a reference: only the code, card, amount and day say which one it is. */
function byCode({ message }: Payment): Partial<TerminalMessage> {
  return { de37: undefined, de2: message.de2 };
}

function named({ message }: Payment): Partial<TerminalMessage> {
  return { de90: namesOf(message) };
}

/** Without DE90: by the tip's own numbers, and by the reference that it has from its sale. */
function repeating({ de7, de11, de12, de13 }: TerminalMessage, { rrn }: Payment): Partial<TerminalMessage> {
  return { de7, de11, de12, de13, de37: rrn, de90: undefined };
}

function namesOf({ mti, de7 = '', de11 = '' }: TerminalMessage): TerminalMessage['de90'] {
  const nobody = '0'.repeat(11);
  return { mti, stan: de11, transmission: de7, acquirer: nobody, forwarder: nobody };
}

/** Only on an acquirer's line: who has keys must say whose they are. Its answer names no terminal either. */
function nameless(payment: Payment, change: Partial<TerminalMessage>): Telling | undefined {
  if (payment.terminal.keys) return undefined;
  const message = { ...reversalMessage(payment, 0), ...change, de41: undefined };
  return { kind: 'reversal', message, so: undone };
}

function digits(minorUnits: number): string {
  return String(minorUnits).padStart(12, '0');
}
