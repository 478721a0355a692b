import type { Monotonic } from '../../runtime/index.ts';

/** What a request waits for inside the switch, in contrast to the networks and the proof. */
export type Stage = 'hsm' | 'journal';

/**
 * What requests wait for inside the switch: calls to the HSM and appends to the journal, with how long each takes. A
 * leg is none of it, so an issuer that takes 1.5 seconds neither fills this nor slows it: what is counted is the
 * switch's own queue, before the fork and after the join. The time from receipt to reply was rejected as a measure,
 * since most of it is the issuer's.
 */
export class OwnWork {
  readonly #stages: Readonly<Record<Stage, Waits>> = { hsm: new Waits(), journal: new Waits() };

  /** Calls under way. */
  get inFlight(): number {
    return this.#stages.hsm.inFlight + this.#stages.journal.inFlight;
  }

  began(stage: Stage, at: Monotonic): void {
    this.#stages[stage].began(at);
  }

  ended(stage: Stage, beganAt: Monotonic, at: Monotonic): void {
    this.#stages[stage].ended(beganAt, at);
  }

  /** The longer of the two stages' average waits since this was asked last; 0 where nothing waited. */
  measure(now: Monotonic): number {
    return Math.max(this.#stages.hsm.measure(now), this.#stages.journal.measure(now));
  }
}

class Waits {
  inFlight = 0;
  #sumOfBegins = 0;
  #count = 0;
  #total = 0;

  began(at: Monotonic): void {
    this.inFlight += 1;
    this.#sumOfBegins += at;
  }

  ended(beganAt: Monotonic, at: Monotonic): void {
    this.inFlight -= 1;
    this.#sumOfBegins = this.inFlight === 0 ? 0 : this.#sumOfBegins - beganAt;
    this.#count += 1;
    this.#total += at - beganAt;
  }

  /** Of those that ended; or of those that still wait, where these have waited longer: then nothing moves. */
  measure(now: Monotonic): number {
    const ended = this.#count === 0 ? 0 : this.#total / this.#count;
    const waiting = this.inFlight === 0 ? 0 : now - this.#sumOfBegins / this.inFlight;
    this.#count = 0;
    this.#total = 0;
    return Math.max(ended, waiting);
  }
}
