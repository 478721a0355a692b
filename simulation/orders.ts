import type { Payment } from './peers/payment.ts';
import type { PaymentOrder } from './peers/payment-order.ts';
import { PAYMENTS, type PaymentKind } from './peers/services.ts';
import type { TerminalSettings } from './peers/terminal.ts';
import type { SeededRandom } from './world/seeded-random.ts';

/** Published test numbers: canaries, none of which may be found in what the switch writes. */
export const TEST_CARDS = {
  visa: ['4242424242424242', '4111111111111111', '4012888888881881', '4000000000000077'],
  iso87: ['5555555555554444', '5105105105105100', '5454545454545454', '5200828282828210'],
} as const;
/** Never stood in for. */
export const LISTED_CARDS: readonly string[] = [TEST_CARDS.visa[3], TEST_CARDS.iso87[3]];

const CURRENCIES = ['978', '826', '392', '784'] as const;
/** As often as they stand here. */
const KINDS = [
  ...(['purchase', 'purchase', 'purchase', 'purchase', 'purchase', 'purchase', 'purchase'] as const),
  ...(['pre-authorisation', 'pre-authorisation', 'pre-authorisation', 'offline', 'offline'] as const),
  ...(['cash', 'cashback', 'cashback', 'refund', 'balance', 'verification'] as const),
] as const;
export const THOUSAND = 1_000;
const MOST_THOUSANDS = { usually: 500, narrow: 200, crowd: 120 } as const;

/** What all payments of a run have in common. */
export interface Taste {
  /** Asked for three times as often as usual. */
  readonly favours: readonly PaymentKind[];
  /** Asked for besides. */
  readonly more: readonly PaymentKind[];
  readonly isCrowd: boolean;
}

/** Some of an amount: whole thousands less of it. */
export function partOf(amount: number, random: SeededRandom): number {
  return random.integer(Math.floor(amount / THOUSAND) + 1) * THOUSAND + (amount % THOUSAND);
}

/** So long after a payment began its terminal may come back to it. */
export const COMES_BACK_WITHIN_MS = 25_000;
/** A refund is thought better of soon, or not at all. */
const SECOND_THOUGHTS_MS = 2_500;

/** Of each payment of a run, for itself and for what comes of it. */
const NUMBERS_EACH = 10;

/** The last digits of the amounts of one payment and of what comes of it: no other payment of the run has them. */
export class Numbers {
  #last: number;

  /** @param payment from 0 */
  constructor(payment: number) {
    this.#last = payment * NUMBERS_EACH;
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

/** A payment's own chance and numbers: what is drawn for it leaves all others as they are. */
export interface Draw {
  readonly random: SeededRandom;
  readonly numbers: Numbers;
}

/** Draws what terminals ask for. */
export class Orders {
  readonly #cards: readonly [string, ...string[]];
  readonly #kinds: readonly [PaymentKind, ...PaymentKind[]];
  readonly #currencies: readonly [string, ...string[]];
  readonly #mostThousands: number;
  readonly #pins: number;

  constructor(random: SeededRandom, { favours, more, isCrowd }: Taste) {
    const [visa, iso87] = [TEST_CARDS.visa, TEST_CARDS.iso87];
    // Little choice in some runs, so that what is counted per card and merchant is used up.
    const isNarrow = random.chance(0.25) || isCrowd;
    const favoured = KINDS.filter((kind) => favours.includes(kind));
    this.#kinds = isNarrow ? ['purchase'] : [...KINDS, ...favoured, ...favoured, ...more];
    this.#currencies = isNarrow ? [random.pick(CURRENCIES)] : CURRENCIES;
    this.#mostThousands = MOST_THOUSANDS[isCrowd ? 'crowd' : isNarrow ? 'narrow' : 'usually'];
    this.#pins = isCrowd ? 0 : isNarrow ? 0.1 : 0.4;
    const count = isNarrow ? 1 : visa.length;
    const from = random.integer(visa.length);
    const few = <T>(cards: readonly T[]) =>
      Array.from({ length: count }, (_, index) => cards[(from + index) % cards.length]);
    this.#cards = [...few(visa), ...few(iso87)].filter((card) => card !== undefined) as [string];
  }

  amount({ random, numbers }: Draw, thousands = 1 + random.integer(this.#mostThousands)): number {
    return thousands * THOUSAND + numbers.next();
  }

  next({ listener }: TerminalSettings, draw: Draw): PaymentOrder {
    const { random } = draw;
    const kind = random.pick(this.#kinds);
    const isSecured = listener.mac === 'required';
    return {
      ...this.#manners(kind, isSecured, random),
      kind,
      pan: random.pick(this.#cards),
      ...this.#money(kind, draw),
      currency: random.pick(this.#currencies),
      refersTo: undefined,
      withPin: isSecured && !PAYMENTS[kind].isTold && random.chance(this.#pins),
      reversesAfterMs: random.chance(0.12) ? this.#changeOfMindMs(random) : undefined,
    };
  }

  /** A refund of a payment, or of more than it: then it must be refused. */
  refundOf(original: Payment, draw: Draw): PaymentOrder {
    const { random } = draw;
    const { order, terminal, amount } = original;
    const thousands = Math.floor(amount / THOUSAND);
    const most = random.chance(0.3) ? thousands : random.integer(thousands + 1);
    return {
      ...this.#manners('refund', terminal.settings.listener.mac === 'required', random),
      kind: 'refund',
      pan: random.chance(0.03) ? random.pick(this.#cards) : order.pan,
      amount: this.amount(draw, most),
      cash: undefined,
      currency: order.currency,
      refersTo: original,
      withPin: false,
      reversesAfterMs: random.chance(0.1) ? random.between(0, SECOND_THOUGHTS_MS) : undefined,
    };
  }

  #money(kind: PaymentKind, draw: Draw): { amount: number; cash: number | undefined } {
    if (!PAYMENTS[kind].side) return { amount: 0, cash: undefined };
    const amount = this.amount(draw);
    if (kind !== 'cashback') return { amount, cash: undefined };
    const thousands = Math.floor(amount / THOUSAND);
    return { amount, cash: Math.min(thousands, 1 + draw.random.integer(thousands)) * THOUSAND };
  }

  #manners(kind: PaymentKind, isSecured: boolean, random: SeededRandom) {
    return {
      mti: random.pick(PAYMENTS[kind].mtis),
      reversalMti: random.pick(['0400', '0400', '0420'] as const),
      wrongPin: random.chance(0.03),
      brokenMac: isSecured && random.chance(0.02),
      doubled: random.chance(0.05),
      patienceMs: random.between(3_500, 8_000),
      isLost: random.chance(0.1),
      maxRepeats: 1 + random.integer(6),
    };
  }

  /** While the request is in flight, about when its answer is due, or when the customer has second thoughts. */
  #changeOfMindMs(random: SeededRandom): number {
    return random.pick([
      random.between(0, 100),
      random.between(1_500, 2_500),
      random.between(100, COMES_BACK_WITHIN_MS),
    ]);
  }
}
