import type { Clock, Monotonic, Timer } from '../../runtime/index.ts';
import type { LinkLimits } from './link-limits.ts';

interface Line {
  /** Sends something that the network must answer. */
  ask(): void;
  /** Nothing came, not even the answer to that. */
  dead(): void;
}

/**
 * Finds out that nobody is at the other end any more. TCP says so only after minutes, and only where something was
 * sent; so a line that is silent for long, or soon after something was sent, is asked, and is dead where it stays
 * silent. Any answer counts: a network that answers payments and no echo is there. What it says by itself shows that
 * its half of the line is well, and keeps an idle line from being asked; it answers nothing of the other half. One
 * timer serves it all; a timer for each message was rejected, it costs more than all else that a link does.
 */
export class LineWatch {
  readonly #clock: Clock;
  readonly #limits: LinkLimits;
  readonly #line: Line;
  #lastHeard: Monotonic = 0;
  /** When the first message left after which no answer came. */
  #unansweredSince: Monotonic | undefined;
  /** When the network was asked, while no answer came since. */
  #askedAt: Monotonic | undefined;
  #isLastLook = false;
  #timer: Timer | undefined;
  #nextLookAt: Monotonic = 0;

  constructor(clock: Clock, limits: LinkLimits, line: Line) {
    this.#clock = clock;
    this.#limits = limits;
    this.#line = line;
  }

  start(): void {
    this.answered();
    this.#lookAt(this.#dueAt());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The network said something. */
  heard(): void {
    this.#lastHeard = this.#clock.monotonic();
  }

  /** It answered something of ours. */
  answered(): void {
    this.heard();
    this.#unansweredSince = undefined;
    this.#askedAt = undefined;
    this.#isLastLook = false;
  }

  sent(): void {
    if (this.#unansweredSince !== undefined) return;
    this.#unansweredSince = this.#clock.monotonic();
    if (this.#timer && this.#dueAt() < this.#nextLookAt) this.#lookAt(this.#dueAt());
  }

  #dueAt(): Monotonic {
    const { echoAfterIdleMs, echoAfterUnansweredMs, echoTimeoutMs } = this.#limits;
    if (this.#askedAt !== undefined) return this.#askedAt + echoTimeoutMs;
    const idleAt = this.#lastHeard + echoAfterIdleMs;
    return this.#unansweredSince === undefined
      ? idleAt
      : Math.min(idleAt, this.#unansweredSince + echoAfterUnansweredMs);
  }

  #lookAt(at: Monotonic): void {
    this.#timer?.cancel();
    this.#nextLookAt = at;
    this.#timer = this.#clock.after(at - this.#clock.monotonic(), () => this.#look());
  }

  #look(): void {
    const now = this.#clock.monotonic();
    if (now < this.#dueAt()) {
      this.#lookAt(this.#dueAt());
      return;
    }

    if (this.#askedAt === undefined) {
      this.#askedAt = now;
      this.#lookAt(this.#dueAt());
      this.#line.ask();
      return;
    }

    // This process may have stood still, with the answer in its socket: that is read before the next timer.
    if (!this.#isLastLook) {
      this.#isLastLook = true;
      this.#lookAt(now);
      return;
    }
    this.stop();
    this.#line.dead();
  }
}
