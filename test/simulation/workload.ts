import type { ListenerSettings } from '../../switch/config/settings.ts';
import { Purchase, type PurchaseOrder } from './peers/purchase.ts';
import type { Terminal } from './peers/terminal.ts';
import type { SeededRandom } from './world/seeded-random.ts';
import type { World } from './world/world.ts';

/** Published test numbers: canaries, none of which may be found in what the switch writes. */
export const TEST_CARDS = [
  '4242424242424242',
  '4111111111111111',
  '4012888888881881',
  '4000000000000077',
] as const;
const CURRENCIES = ['978', '826', '392'] as const;
/** So long after a purchase began its terminal may ask again, alter it or reverse it of its own accord. */
export const COMES_BACK_WITHIN_MS = 25_000;

/** Everything that terminals ask for in one run. */
export class Workload {
  readonly purchases: Purchase[] = [];
  readonly #world: World;
  readonly #random: SeededRandom;
  #amounts = 0;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.stream('workload');
  }

  get isOver(): boolean {
    return this.purchases.every(({ isOver }) => isOver);
  }

  /** Spreads purchases over `spanMs`, each at a terminal of its own choice. */
  schedule(terminals: readonly [Terminal, ...Terminal[]], count: number, spanMs: number): void {
    const { scheduler } = this.#world;
    for (let number = 0; number < count; number += 1) {
      const terminal = this.#random.pick(terminals);
      const order = this.#order(terminal.settings.listener);
      scheduler.after(this.#random.between(0, spanMs), 'purchase', () => this.#purchase(terminal, order));
    }
  }

  #purchase(terminal: Terminal, order: PurchaseOrder): void {
    const random = this.#random;
    const { scheduler } = this.#world;
    const purchase = new Purchase(terminal, order);
    this.purchases.push(purchase);
    purchase.begin();
    if (random.chance(0.2)) {
      scheduler.after(random.between(50, COMES_BACK_WITHIN_MS), 'ask again', () => purchase.askAgain());
    }
    if (random.chance(0.05)) {
      const amount = this.#amount();
      scheduler.after(random.between(50, COMES_BACK_WITHIN_MS), 'alter', () => purchase.alter(amount));
    }
  }

  /** No two of a run are the same. */
  #amount(): number {
    this.#amounts += 1;
    return (1 + this.#random.integer(500)) * 1_000 + this.#amounts;
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

  #order({ mac }: ListenerSettings): PurchaseOrder {
    const random = this.#random;
    const isSecured = mac === 'required';
    const kind = random.chance(0.15) ? 'offline' : 'online';
    return {
      kind,
      pan: random.pick(TEST_CARDS),
      amount: this.#amount(),
      currency: random.pick(CURRENCIES),
      withPin: isSecured && kind === 'online' && random.chance(0.5),
      wrongPin: random.chance(0.03),
      brokenMac: isSecured && random.chance(0.02),
      doubled: random.chance(0.05),
      patienceMs: random.between(3_500, 8_000),
      isLost: random.chance(0.1),
      maxRepeats: 1 + random.integer(6),
      reversesAfterMs: random.chance(0.12) ? this.#changeOfMindMs() : undefined,
    };
  }
}
