import { Shopping } from '../guests/shopping.ts';
import type { StayOrder } from '../guests/stay.ts';
import type { Terminal } from '../peers/terminal.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import { KeyChanger } from './key-changer.ts';

const LOOKS_EVERY_MS = 200;
const MOST_CHANGES = 3;

export interface KeyedShopParts {
  readonly terminal: Terminal;
  readonly masterKey: string;
  readonly random: SeededRandom;
  /** Whether a terminal may use new keys without saying so: not where they are soon given up. */
  readonly mayBeTacit: boolean;
  nextOrder(random: SeededRandom): StayOrder;
  keep(shopping: Shopping): void;
}

/**
 * A shop whose terminal gets new keys between its customers. While anything is under way it keeps those that it has, as
 * terminals do: a repeat is sealed with what its PIN is under.
 */
export class KeyedShop {
  readonly #parts: KeyedShopParts;
  #changesLeft: number;
  #isOver = false;

  constructor(parts: KeyedShopParts) {
    this.#parts = parts;
    this.#changesLeft = 1 + parts.random.integer(MOST_CHANGES);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  begin(): void {
    const { terminal, random, nextOrder, keep } = this.#parts;
    const own = random.stream(`shopping ${this.#changesLeft}`);
    const shopping = new Shopping(terminal, nextOrder(own), own.stream('life'));
    keep(shopping);
    shopping.begin();
    this.#after(shopping);
  }

  #after(shopping: Shopping): void {
    const { terminal } = this.#parts;
    terminal.process.clock.after(LOOKS_EVERY_MS, () => {
      if (!shopping.isOver) this.#after(shopping);
      else if (this.#changesLeft === 0) this.#isOver = true;
      else this.#changeKeys();
    });
  }

  #changeKeys(): void {
    const { terminal, masterKey, random, mayBeTacit } = this.#parts;
    this.#changesLeft -= 1;
    const own = random.stream(`keys ${this.#changesLeft}`);
    new KeyChanger(terminal, masterKey, own, { mayBeTacit, whenOver: () => this.begin() }).begin();
  }
}
