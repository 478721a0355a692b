import type { SeededRandom } from '../world/seeded-random.ts';
import type { Terminal } from './terminal.ts';

/** Waits between repeats of one request, in milliseconds; the last one goes on for ever. */
const REPEAT_MS = [200, 1_000, 3_000, 8_000] as const;

/** A terminal that waits for an answer, and asks again when none comes or its connection breaks. */
export class Patience {
  readonly #terminal: Terminal;
  readonly #random: SeededRandom;
  readonly #limitMs: number;
  readonly #again: (times: number) => void;
  #isWaiting = false;
  #round = 0;
  #times = 0;

  /** @param again called to ask once more, with how often that has been done before */
  constructor(terminal: Terminal, random: SeededRandom, limitMs: number, again: (times: number) => void) {
    this.#terminal = terminal;
    this.#random = random;
    this.#limitMs = limitMs;
    this.#again = again;
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** From now on an answer is due. */
  begin(): void {
    this.#isWaiting = true;
    const round = ++this.#round;
    this.#terminal.process.clock.after(this.#limitMs, () => {
      if (!this.#isWaiting || this.#round !== round) return;
      if (this.#random.chance(0.5)) this.#terminal.hangUp();
      this.later();
    });
  }

  end(): void {
    this.#isWaiting = false;
  }

  /** Asks again after a while. */
  later(): void {
    if (!this.#isWaiting) return;
    const round = ++this.#round;
    const delayMs = REPEAT_MS[Math.min(this.#times, REPEAT_MS.length - 1)] ?? 1_000;
    this.#terminal.process.clock.after(delayMs * this.#random.between(0.8, 1.2), () => {
      if (this.#isWaiting && this.#round === round) this.#again(++this.#times);
    });
  }
}
