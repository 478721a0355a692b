import type { Clock, Monotonic, Timer } from '../../runtime/index.ts';

const USUAL_BEAT_MS = 25;
/** A timer that is late by less is on time. */
const SLACK_MS = 5;

/**
 * Knows how long the event loop was away: at work for one long turn, or stopped (SIGSTOP, a long collection of
 * garbage, a machine without a processor to spare). What is read from a socket then may have waited for as long, and
 * its deadline counts from when it came. A timer beats; timers run before sockets are read, so a beat that is late
 * tells of what is read until the next one. A timer of no time that ended that with the turn was rejected: where the
 * other timers of a turn have much to do it runs among them, before the sockets are read.
 */
export class LoopWatch {
  readonly #clock: Clock;
  readonly #onBeat: () => void;
  readonly #beatMs: number;
  #beatAt: Monotonic;
  #awaySince: Monotonic | undefined;
  #timer: Timer;

  /** @param onBeat called with every beat */
  constructor(clock: Clock, onBeat: () => void, beatMs = USUAL_BEAT_MS) {
    this.#clock = clock;
    this.#onBeat = onBeat;
    this.#beatMs = beatMs;
    this.#beatAt = clock.monotonic();
    this.#timer = clock.after(beatMs, () => this.#beat());
  }

  /** The earliest moment at which what is heard now can have arrived. */
  heardAt(now: Monotonic): Monotonic {
    if (this.#awaySince !== undefined) return this.#awaySince;
    return now - this.#beatAt > this.#beatMs + SLACK_MS ? this.#beatAt : now;
  }

  close(): void {
    this.#timer.cancel();
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    const lag = now - this.#beatAt - this.#beatMs;
    this.#awaySince = lag > SLACK_MS ? this.#beatAt : undefined;
    this.#beatAt = now;
    this.#timer = this.#clock.after(this.#beatMs, () => this.#beat());
    this.#onBeat();
  }
}
