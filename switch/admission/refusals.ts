import type { Clock, Timer } from '../../runtime/index.ts';

const GATHER_MS = 20;

/**
 * Refusals for load leave together, fifty times a second: what one connection gets then is one write, and one reading
 * at its other end. Under a flood the writing is most of what a refusal costs, since its decision takes some 7 µs and
 * a write of its own 25. Nobody is slower for it but who is refused. Whoever adds has a bound of its own: a connection
 * is not read from while too many of its requests are unanswered, and these count.
 */
export class Refusals {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(send: () => void): void {
    this.#waiting.push(send);
    this.#timer ??= this.#clock.after(GATHER_MS, () => this.flush());
  }

  /** What waits leaves now: its time has come, or the listener closes. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const send of waiting) send();
  }
}
