import type { Clock, Monotonic, Timer } from '../../runtime/index.ts';

export interface Pulse {
  /** Asks for a sign of life. */
  ask(): void;
  /** None came. */
  dead(silentMs: number): void;
}

/** A process that is at work answers far sooner; one that is idle is asked. */
const ASK_AFTER_MS = 500;
/** Silence after that it is taken for hung: three times what one request may take. */
const DEAD_AFTER_MS = 1_500;

/**
 * Finds out that a process is there and does nothing: stopped, or caught inside its PKCS#11 module. Its socket stays
 * open then, and each request would wait for its whole time. Any byte counts as life, so a process that is busy is not
 * asked. One timer a connection.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #pulse: Pulse;
  #heardAt: Monotonic = 0;
  #askedAt: Monotonic | undefined;
  #isLastLook = false;
  #timer: Timer | undefined;

  constructor(clock: Clock, pulse: Pulse) {
    this.#clock = clock;
    this.#pulse = pulse;
  }

  start(): void {
    this.heard();
    this.#lookAfter(ASK_AFTER_MS);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  heard(): void {
    this.#heardAt = this.#clock.monotonic();
    this.#askedAt = undefined;
    this.#isLastLook = false;
  }

  #lookAfter(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(delayMs, () => this.#look());
  }

  #look(): void {
    const now = this.#clock.monotonic();
    const silentMs = now - this.#heardAt;
    if (this.#askedAt === undefined) {
      if (silentMs < ASK_AFTER_MS) {
        this.#lookAfter(ASK_AFTER_MS - silentMs);
        return;
      }
      this.#askedAt = now;
      this.#lookAfter(DEAD_AFTER_MS);
      this.#pulse.ask();
      return;
    }

    // This process may have stood still itself, with the answer in its socket: that is read before the next timer.
    if (!this.#isLastLook) {
      this.#isLastLook = true;
      this.#lookAfter(0);
      return;
    }
    this.stop();
    this.#pulse.dead(silentMs);
  }
}
