import type { Clock, Monotonic } from '../../runtime/index.ts';

const WINDOW_MS = 10_000;
const LINES = 20;

/**
 * How many lines of a log a peer may cause: twenty in ten seconds. The first one after that says how many it left out.
 */
export class LineBudget {
  readonly #clock: Clock;
  #began: Monotonic = Number.NEGATIVE_INFINITY;
  #written = 0;
  #leftOut = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Writes the line, where the budget has one left. */
  spend(write: (leftOut: { readonly leftOut?: number }) => void): void {
    const now = this.#clock.monotonic();
    if (now - this.#began >= WINDOW_MS) {
      this.#began = now;
      this.#written = 0;
    }
    if (this.#written >= LINES) {
      this.#leftOut += 1;
      return;
    }

    this.#written += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    write(leftOut > 0 ? { leftOut } : {});
  }
}
