import { Batches } from './batches.ts';
import { COMES_BACK_WITHIN_MS, Orders, THOUSAND } from './orders.ts';
import { Payment } from './peers/payment.ts';
import type { PaymentOrder } from './peers/payment-order.ts';
import type { Terminal } from './peers/terminal.ts';
import type { SeededRandom } from './world/seeded-random.ts';
import type { World } from './world/world.ts';

const SETTLE_AGAIN_MS = 500;
const SETTLE_TRIES = 20;

/** Everything that terminals ask for in one run. */
export class Workload {
  readonly payments: Payment[] = [];
  batches: readonly Batches[] = [];
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #orders: Orders;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.stream('workload');
    this.#orders = new Orders(world.random.stream('orders'));
  }

  get isOver(): boolean {
    return this.payments.every(({ isOver }) => isOver) && this.batches.every(({ isOver }) => isOver);
  }

  /** Spreads payments over `spanMs`, each at a terminal of its own choice. Some terminals settle meanwhile. */
  schedule(terminals: readonly [Terminal, ...Terminal[]], count: number, spanMs: number): void {
    this.batches = terminals.map(
      (terminal) => new Batches(terminal, this.#random.stream(terminal.settings.id)),
    );
    for (const batches of this.batches) {
      if (!this.#random.chance(0.3)) continue;
      this.#after(this.#random.between(0, 1.5 * spanMs), 'settle', () => this.#settle(batches, SETTLE_TRIES));
    }
    for (let number = 0; number < count; number += 1) {
      const terminal = this.#random.pick(terminals);
      const order = this.#orders.next(terminal.settings);
      const begin = () => this.#begin(terminal, order);
      const at = this.#random.between(0, spanMs);
      this.#after(at, 'payment', () => this.#unlessSettling(terminal, 'payment', begin));
    }
  }

  /** Every terminal closes its batches, once all is over. */
  settleAll(): void {
    for (const batches of this.batches) batches.settle(this.payments);
  }

  /** Where nothing is under way at the terminal; else a little later. */
  #settle(batches: Batches, tries: number): void {
    const { terminal } = batches;
    const isBusy = this.payments.some((payment) => payment.terminal === terminal && !payment.isOver);
    if (!isBusy && !terminal.isSettling) batches.settle(this.payments);
    else if (tries > 0) this.#after(SETTLE_AGAIN_MS, 'settle', () => this.#settle(batches, tries - 1));
  }

  #begin(terminal: Terminal, order: PaymentOrder): Payment {
    const payment = new Payment(terminal, order);
    this.payments.push(payment);
    payment.begin();
    if (!order.refersTo) this.#comeBack(payment);
    return payment;
  }

  /** Some of them are asked again, altered, voided, taken back in part, completed, refunded. */
  #comeBack(payment: Payment): void {
    const random = this.#random;
    if (random.chance(0.2)) this.#later(payment, 'ask again', () => payment.askAgain());
    if (!payment.side) return;
    if (random.chance(0.05)) {
      const amount = this.#orders.amount();
      this.#later(payment, 'alter', () => payment.alter(amount));
    }
    if (random.chance(0.07)) this.#void(payment);
    if (random.chance(0.15)) this.#takeBackPart(payment);
    if (payment.order.kind === 'pre-authorisation') this.#complete(payment);
    if (payment.side !== 'refunded' && random.chance(0.12)) this.#refund(payment);
  }

  #void(payment: Payment): void {
    const isSecured = payment.terminal.settings.listener.mac === 'required';
    const brokenMac = isSecured && this.#random.chance(0.1);
    this.#later(payment, 'void', () => payment.void(brokenMac));
  }

  #takeBackPart(payment: Payment): void {
    this.#later(payment, 'partial reversal', () => payment.takeBackPart(this.#orders.part(payment.amount)));
  }

  /** In full, in part, for more than was held, or twice. */
  #complete(payment: Payment): void {
    const random = this.#random;
    const times = random.chance(0.7) ? (random.chance(0.1) ? 2 : 1) : 0;
    for (let time = 0; time < times; time += 1) {
      this.#later(payment, 'completion', () => {
        const { amount } = payment;
        const more = amount + THOUSAND * (1 + random.integer(10));
        const less = this.#orders.part(amount);
        payment.complete(random.pick([amount, less, less, random.chance(0.3) ? more : amount]));
        if (random.chance(0.3)) this.#thinkBetter(payment);
      });
    }
  }

  /** Of part of what was completed, while its proof is under way. */
  #thinkBetter(payment: Payment): void {
    const again = () => payment.takeBackPart(this.#orders.part(payment.standing.minorUnits));
    this.#after(this.#random.between(20, 4_000), 'partial reversal', () =>
      this.#unlessSettling(payment.terminal, 'partial reversal', again),
    );
  }

  #refund(payment: Payment): void {
    const times = 1 + this.#random.integer(3);
    for (let time = 0; time < times; time += 1) {
      this.#later(payment, 'refund', () => {
        if (payment.belief !== 'approved' || payment.rrn === undefined) return;
        payment.refunds.push(this.#begin(payment.terminal, this.#orders.refundOf(payment)));
      });
    }
  }

  #later({ terminal }: Payment, label: string, action: () => void): void {
    const random = this.#random;
    const soon = random.chance(0.4) ? 1_500 : COMES_BACK_WITHIN_MS;
    this.#after(random.between(50, soon), label, () => this.#unlessSettling(terminal, label, action));
  }

  #unlessSettling(terminal: Terminal, label: string, action: () => void): void {
    if (!terminal.isSettling) action();
    else this.#after(SETTLE_AGAIN_MS, label, () => this.#unlessSettling(terminal, label, action));
  }

  #after(delayMs: number, label: string, action: () => void): void {
    this.#world.scheduler.after(delayMs, label, action);
  }
}
