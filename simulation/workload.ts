import { Batches } from './batches.ts';
import type { Features } from './features.ts';
import { COMES_BACK_WITHIN_MS, type Draw, Numbers, Orders, partOf, THOUSAND } from './orders.ts';
import { LATER_HABITS } from './peers/habits/all-habits.ts';
import type { LaterHabit, Till } from './peers/habits/later-habit.ts';
import { Payment } from './peers/payment.ts';
import type { PaymentOrder } from './peers/payment-order.ts';
import { alter } from './peers/strangers.ts';
import type { Terminal } from './peers/terminal.ts';
import type { SeededRandom } from './world/seeded-random.ts';
import type { World } from './world/world.ts';

const SETTLE_AGAIN_MS = 500;
const SETTLE_TRIES = 20;
const TOLD = ['refund-advice', 'refund-advice'] as const;

/** Everything that terminals ask for in one run. */
export class Workload {
  readonly payments: Payment[] = [];
  batches: readonly Batches[] = [];
  /** What terminals came back for, or were to. */
  readonly wishes = new Set<string>();
  readonly #world: World;
  readonly #orders: Orders;
  readonly #habits: readonly LaterHabit[];
  readonly #leavesOut: ReadonlySet<string>;
  #terminals: readonly Terminal[] = [];

  /** @param leavesOut what terminals do not come back for */
  constructor(
    world: World,
    { habits, favours, isCrowd }: Features,
    leavesOut: ReadonlySet<string> = new Set(),
  ) {
    this.#world = world;
    this.#leavesOut = leavesOut;
    const more = TOLD.filter(() => habits.has('refund-advices'));
    this.#orders = new Orders(world.random.stream('orders'), { favours, more, isCrowd });
    this.#habits = LATER_HABITS.filter(({ name }) => habits.has(name));
  }

  get isOver(): boolean {
    return this.payments.every(({ isOver }) => isOver) && this.batches.every(({ isOver }) => isOver);
  }

  /**
   * Spreads payments over `spanMs`, each at a terminal of its own choice. Some terminals settle meanwhile.
   * @param numbers of the payments of the run, from 0; what is not among them is left out, and all others stay
   */
  schedule(terminals: readonly [Terminal, ...Terminal[]], numbers: readonly number[], spanMs: number): void {
    this.#terminals = terminals;
    const { random } = this.#world;
    this.batches = terminals.map(
      (terminal) => new Batches(terminal, random.stream(`batches of ${terminal.settings.id}`)),
    );
    const settlesEarly = this.#habits.some(({ name }) => /after-close$/.test(name)) ? 0.9 : 0.3;
    for (const batches of this.batches) {
      const chance = random.stream(`settlements of ${batches.terminal.settings.id}`);
      if (!chance.chance(settlesEarly)) continue;
      const at = chance.between(0, 1.5 * spanMs);
      this.#after(at, 'settle', () => this.#settle(batches, SETTLE_TRIES));
    }
    for (const number of numbers) {
      const draw: Draw = { random: random.stream(`payment ${number}`), numbers: new Numbers(number) };
      const terminal = draw.random.pick(terminals);
      const order = this.#orders.next(terminal.settings, draw);
      const at = draw.random.between(0, spanMs);
      const begin = () => this.#begin(terminal, order, draw);
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

  #begin(terminal: Terminal, order: PaymentOrder, draw: Draw): Payment {
    const payment = new Payment(terminal, order, draw.random.stream(`life ${order.amount}`));
    this.payments.push(payment);
    payment.begin();
    if (order.refersTo) return payment;
    this.#comeBack(payment, draw);
    for (const habit of this.#habits) {
      const random = draw.random.stream(habit.name);
      habit.plan(payment, this.#tillOf(payment, draw, random, habit.name), random);
    }
    return payment;
  }

  /** Some of them are asked again, altered, voided, taken back in part, completed, refunded. */
  #comeBack(payment: Payment, draw: Draw): void {
    const random = draw.random.stream('afterwards');
    if (random.chance(0.2)) this.#later(payment, 'ask again', random, () => payment.askAgain());
    if (!payment.side) return;
    if (random.chance(0.05)) {
      const amount = this.#orders.amount({ ...draw, random });
      this.#later(payment, 'alter', random, () => alter(payment, amount));
    }
    if (random.chance(0.07)) this.#void(payment, random);
    if (random.chance(0.15)) this.#takeBackPart(payment, random);
    if (payment.order.kind === 'pre-authorisation') this.#complete(payment, random);
    if (payment.side !== 'refunded' && random.chance(0.12)) this.#refund(payment, { ...draw, random });
  }

  #void(payment: Payment, random: SeededRandom): void {
    const isSecured = payment.terminal.settings.listener.mac === 'required';
    const brokenMac = isSecured && random.chance(0.1);
    this.#later(payment, 'void', random, () => payment.void({ brokenMac }));
  }

  #takeBackPart(payment: Payment, random: SeededRandom): void {
    this.#later(payment, 'partial reversal', random, () =>
      payment.takeBackPart(partOf(payment.amount, random)),
    );
  }

  /** In full, in part, for more than was held, or twice. */
  #complete(payment: Payment, random: SeededRandom): void {
    const times = random.chance(0.7) ? (random.chance(0.1) ? 2 : 1) : 0;
    for (let time = 0; time < times; time += 1) {
      this.#later(payment, 'completion', random, () => {
        const { amount } = payment;
        const more = amount + THOUSAND * (1 + random.integer(10));
        const less = partOf(amount, random);
        payment.complete(random.pick([amount, less, less, random.chance(0.3) ? more : amount]));
        if (random.chance(0.3)) this.#thinkBetter(payment, random);
      });
    }
  }

  /** Of part of what was completed, while its proof is under way. */
  #thinkBetter(payment: Payment, random: SeededRandom): void {
    const again = () => payment.takeBackPart(partOf(payment.standing.minorUnits, random));
    this.#after(random.between(20, 4_000), 'partial reversal', () =>
      this.#unlessSettling(payment.terminal, 'partial reversal', again),
    );
  }

  #refund(payment: Payment, draw: Draw): void {
    const times = 1 + draw.random.integer(3);
    for (let time = 0; time < times; time += 1) {
      this.#later(payment, 'refund', draw.random, () => this.#refundAt(payment.terminal, payment, draw));
    }
  }

  #refundAt(terminal: Terminal, payment: Payment, draw: Draw): boolean {
    if (payment.belief !== 'approved' || payment.rrn === undefined) return false;
    payment.refunds.push(this.#begin(terminal, this.#orders.refundOf(payment, draw), draw));
    return true;
  }

  #tillOf({ terminal }: Payment, draw: Draw, random: SeededRandom, habit: string): Till {
    const { merchant, listener } = terminal.settings;
    const others = this.#terminals.filter(
      (other) => other !== terminal && other.settings.listener.mac === listener.mac,
    );
    return {
      beside: others.filter(({ settings }) => settings.merchant === merchant),
      elsewhere: others.filter(({ settings }) => settings.merchant !== merchant),
      later: (label, fromMs, toMs, action) =>
        this.#after(random.between(fromMs, toMs), label, () =>
          this.#unlessSettling(terminal, label, () => {
            if (action()) this.#world.sometimes(`habit ${habit}`);
          }),
        ),
      refund: (payment, at) => this.#refundAt(at, payment, { ...draw, random }),
    };
  }

  #later({ terminal }: Payment, label: string, random: SeededRandom, action: () => void): void {
    const soon = random.chance(0.4) ? 1_500 : COMES_BACK_WITHIN_MS;
    this.#after(random.between(50, soon), label, () => this.#unlessSettling(terminal, label, action));
  }

  #unlessSettling(terminal: Terminal, label: string, action: () => void): void {
    if (!terminal.isSettling) action();
    else this.#after(SETTLE_AGAIN_MS, label, () => this.#unlessSettling(terminal, label, action));
  }

  #after(delayMs: number, label: string, action: () => void): void {
    if (label !== 'payment') this.wishes.add(label);
    if (this.#leavesOut.has(label)) return;
    this.#world.scheduler.after(delayMs, label, action);
  }
}
