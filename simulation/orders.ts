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

const CURRENCIES = ['978', '826', '392'] as const;
/** As often as they stand here. */
const KINDS = [
  ...(['purchase', 'purchase', 'purchase', 'purchase', 'purchase', 'purchase', 'purchase'] as const),
  ...(['pre-authorisation', 'pre-authorisation', 'pre-authorisation', 'offline', 'offline'] as const),
  ...(['cash', 'cashback', 'cashback', 'refund', 'balance', 'verification'] as const),
] as const;
export const THOUSAND = 1_000;
const MOST_THOUSANDS = { usually: 500, narrow: 200 } as const;

/** So long after a payment began its terminal may come back to it. */
export const COMES_BACK_WITHIN_MS = 25_000;
/** A refund is thought better of soon, or not at all. */
const SECOND_THOUGHTS_MS = 2_500;

/** Draws what terminals ask for. */
export class Orders {
  readonly #random: SeededRandom;
  readonly #cards: readonly [string, ...string[]];
  readonly #kinds: readonly [PaymentKind, ...PaymentKind[]];
  readonly #currencies: readonly [string, ...string[]];
  readonly #mostThousands: number;
  readonly #pins: number;
  #amounts = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    const [visa, iso87] = [TEST_CARDS.visa, TEST_CARDS.iso87];
    // Little choice in some runs, so that what is counted per card and merchant is used up.
    const isNarrow = random.chance(0.25);
    this.#kinds = isNarrow ? ['purchase'] : KINDS;
    this.#currencies = isNarrow ? [random.pick(CURRENCIES)] : CURRENCIES;
    this.#mostThousands = isNarrow ? MOST_THOUSANDS.narrow : MOST_THOUSANDS.usually;
    this.#pins = isNarrow ? 0.1 : 0.4;
    const count = isNarrow ? 1 : visa.length;
    const from = random.integer(visa.length);
    const few = <T>(cards: readonly T[]) =>
      Array.from({ length: count }, (_, index) => cards[(from + index) % cards.length]);
    this.#cards = [...few(visa), ...few(iso87)].filter((card) => card !== undefined) as [string];
  }

  /** No two of a run have the same last three digits. */
  amount(thousands = 1 + this.#random.integer(this.#mostThousands)): number {
    this.#amounts += 1;
    return thousands * THOUSAND + this.#amounts;
  }

  /** Some of an amount: whole thousands less of it. */
  part(amount: number): number {
    return this.#random.integer(Math.floor(amount / THOUSAND) + 1) * THOUSAND + (amount % THOUSAND);
  }

  next({ listener }: TerminalSettings): PaymentOrder {
    const random = this.#random;
    const kind = random.pick(this.#kinds);
    const isSecured = listener.mac === 'required';
    return {
      ...this.#manners(kind, isSecured),
      kind,
      pan: random.pick(this.#cards),
      ...this.#money(kind),
      currency: random.pick(this.#currencies),
      refersTo: undefined,
      withPin: isSecured && kind !== 'offline' && random.chance(this.#pins),
      reversesAfterMs: random.chance(0.12) ? this.#changeOfMindMs() : undefined,
    };
  }

  /** A refund of a payment, or of more than it: then it must be refused. */
  refundOf(original: Payment): PaymentOrder {
    const random = this.#random;
    const { order, terminal, amount } = original;
    const thousands = Math.floor(amount / THOUSAND);
    const most = random.chance(0.3) ? thousands : random.integer(thousands + 1);
    return {
      ...this.#manners('refund', terminal.settings.listener.mac === 'required'),
      kind: 'refund',
      pan: random.chance(0.03) ? random.pick(this.#cards) : order.pan,
      amount: this.amount(most),
      cash: undefined,
      currency: order.currency,
      refersTo: original,
      withPin: false,
      reversesAfterMs: random.chance(0.1) ? random.between(0, SECOND_THOUGHTS_MS) : undefined,
    };
  }

  #money(kind: PaymentKind): { amount: number; cash: number | undefined } {
    if (!PAYMENTS[kind].side) return { amount: 0, cash: undefined };
    const amount = this.amount();
    if (kind !== 'cashback') return { amount, cash: undefined };
    const thousands = Math.floor(amount / THOUSAND);
    return { amount, cash: Math.min(thousands, 1 + this.#random.integer(thousands)) * THOUSAND };
  }

  #manners(kind: PaymentKind, isSecured: boolean) {
    const random = this.#random;
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
  #changeOfMindMs(): number {
    const random = this.#random;
    return random.pick([
      random.between(0, 100),
      random.between(1_500, 2_500),
      random.between(100, COMES_BACK_WITHIN_MS),
    ]);
  }
}
