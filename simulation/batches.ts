import type { Payment } from './peers/payment.ts';
import { Settlement } from './peers/settlement.ts';
import type { Terminal } from './peers/terminal.ts';
import type { SeededRandom } from './world/seeded-random.ts';

/** The batches of one terminal, one for each currency: what it took and gave since it closed the last one. */
export class Batches {
  readonly settlements: Settlement[] = [];
  readonly terminal: Terminal;
  readonly #random: SeededRandom;
  #number = 0;

  constructor(terminal: Terminal, random: SeededRandom) {
    this.terminal = terminal;
    this.#random = random;
  }

  get isOver(): boolean {
    return this.settlements.every(({ isOver }) => isOver);
  }

  /** One currency after the other. While it settles, a terminal begins nothing else. */
  settle(payments: readonly Payment[]): void {
    const own = payments.filter(({ terminal }) => terminal === this.terminal);
    const currencies = [...new Set(own.map(({ order }) => order.currency))];
    this.terminal.isSettling = true;
    this.#settleAll(currencies, own);
  }

  #settleAll([currency, ...others]: readonly string[], payments: readonly Payment[]): void {
    this.terminal.isSettling = currency !== undefined;
    if (currency === undefined) return;
    const held = payments.filter((payment) => this.#isHeld(payment, currency));
    this.#number += 1;
    const random = this.#random;
    const order = {
      currency,
      number: this.#number,
      payments: held,
      forgotten: held[0] && random.chance(0.15) ? random.pick([held[0], ...held]) : undefined,
      patienceMs: random.between(3_500, 8_000),
      doubled: random.chance(0.1),
    };
    const chance = random.stream(`batch ${this.#number}`);
    const settlement = new Settlement(this.terminal, order, chance, () => {
      for (const payment of held) payment.isSettled = true;
      this.#settleAll(others, payments);
    });
    this.settlements.push(settlement);
    settlement.begin();
  }

  #isHeld(payment: Payment, currency: string): boolean {
    const { side, minorUnits } = payment.standing;
    const isMoney = minorUnits > 0 && (side === 'captured' || side === 'refunded');
    return isMoney && payment.order.currency === currency && !payment.isSettled;
  }
}
