import type { Clock, Monotonic } from '../../runtime/index.ts';

export interface Budget {
  /** So much may be taken and not given back. */
  readonly atOnce: number;
  /** So much comes again in a second. */
  readonly perSecond: number;
}

/** Beyond so many circles, those whose budget is whole again are forgotten. */
const SWEEP_AT = 1_024;

/**
 * What each circle may spend on attempts that come to nothing. An attempt takes one before it begins, and gives it back
 * where it proves who is there: so whoever is honest never runs out, and costs no bookkeeping once it is over.
 */
export class Budgets {
  readonly #clock: Clock;
  readonly #budget: Budget;
  readonly #spent = new Map<string, { left: number; at: Monotonic }>();
  #sweepAt = SWEEP_AT;

  constructor(clock: Clock, budget: Budget) {
    this.#clock = clock;
    this.#budget = budget;
  }

  /** How many circles are remembered. */
  get size(): number {
    return this.#spent.size;
  }

  /** False where nothing is left. */
  take(circle: string): boolean {
    const purse = this.#purseOf(circle);
    if (purse.left < 1) return false;
    purse.left -= 1;
    return true;
  }

  giveBack(circle: string): void {
    const purse = this.#purseOf(circle);
    purse.left = Math.min(this.#budget.atOnce, purse.left + 1);
    if (purse.left === this.#budget.atOnce) this.#spent.delete(circle);
  }

  #purseOf(circle: string): { left: number; at: Monotonic } {
    const now = this.#clock.monotonic();
    const known = this.#spent.get(circle);
    if (known) {
      known.left = this.#refilled(known, now);
      known.at = now;
      return known;
    }

    if (this.#spent.size >= this.#sweepAt) this.#sweep(now);
    const purse = { left: this.#budget.atOnce, at: now };
    this.#spent.set(circle, purse);
    return purse;
  }

  #refilled({ left, at }: { left: number; at: Monotonic }, now: Monotonic): number {
    return Math.min(this.#budget.atOnce, left + ((now - at) * this.#budget.perSecond) / 1_000);
  }

  /** Who is still in debt stays: at most as many as could spend within the time in which a budget is whole again. */
  #sweep(now: Monotonic): void {
    for (const [circle, purse] of this.#spent) {
      if (this.#refilled(purse, now) >= this.#budget.atOnce) this.#spent.delete(circle);
    }
    this.#sweepAt = Math.max(SWEEP_AT, this.#spent.size * 2);
  }
}
