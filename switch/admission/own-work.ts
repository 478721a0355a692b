import type { Monotonic } from '../../runtime/index.ts';

/** What a request waits for inside the switch, in contrast to the networks and the proof. */
export type Stage = 'hsm' | 'journal';

/** How the switch's own work went lately. */
export interface OwnPace {
  /** The longer of the two stages' average waits; 0 where nothing waited. */
  readonly waitMs: number;
  /** How many calls under way make waits of `targetMs`, by the best rate at which they ended of late. */
  readonly carries: (targetMs: number) => number;
}

/**
 * What requests wait for inside the switch: calls to the HSM and appends to the journal, with how long each takes. A
 * leg is none of it, so an issuer that takes 1.5 seconds neither fills this nor slows it: what is counted is the
 * switch's own queue, before the fork and after the join. The time from receipt to reply was rejected as a measure,
 * since most of it is the issuer's.
 */
export class OwnWork {
  readonly #stages: Readonly<Record<Stage, Waits>>;

  constructor(now: Monotonic) {
    this.#stages = { hsm: new Waits(now), journal: new Waits(now) };
  }

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

  /** Closes a step of time: what ended in it counts for the next half second, and its rate for a while longer. */
  measure(now: Monotonic): OwnPace {
    const stages = Object.values(this.#stages);
    for (const stage of stages) stage.step(now);
    const waitMs = Math.max(...stages.map((stage) => stage.waitMs(now)));
    const held = stages.reduce((sum, stage) => sum + stage.holds(now), 0);
    return { waitMs, carries: (targetMs) => (waitMs === 0 ? 0 : (held * targetMs) / waitMs) };
  }
}

/** Calls come back in batches, and a busy machine stands still for moments: a shorter time shows only those. */
const LATELY_STEPS = 5;
/** The best rate of so many steps is what the stage can do: a pause in between is no loss of capacity. */
const REMEMBERED_STEPS = 15;

interface Step {
  readonly ended: number;
  readonly waitedMs: number;
  readonly lastedMs: number;
}

class Waits {
  inFlight = 0;
  #sumOfBegins = 0;
  #ended = 0;
  #waitedMs = 0;
  #steppedAt: Monotonic;
  readonly #steps: Step[] = [];
  /** Calls a millisecond, over the last steps, as it was at each of the steps remembered. */
  readonly #rates: number[] = [];

  constructor(now: Monotonic) {
    this.#steppedAt = now;
  }

  began(at: Monotonic): void {
    this.inFlight += 1;
    this.#sumOfBegins += at;
  }

  ended(beganAt: Monotonic, at: Monotonic): void {
    this.inFlight -= 1;
    this.#sumOfBegins = this.inFlight === 0 ? 0 : this.#sumOfBegins - beganAt;
    this.#ended += 1;
    this.#waitedMs += at - beganAt;
  }

  step(now: Monotonic): void {
    const lastedMs = now - this.#steppedAt;
    this.#steppedAt = now;
    this.#steps.push({ ended: this.#ended, waitedMs: this.#waitedMs, lastedMs });
    this.#ended = 0;
    this.#waitedMs = 0;
    if (this.#steps.length > LATELY_STEPS) this.#steps.shift();

    const lately = this.#lately();
    this.#rates.push(lately.ended / lately.lastedMs);
    if (this.#rates.length > REMEMBERED_STEPS) this.#rates.shift();
  }

  /** Of those that ended; or of those that still wait, where these have waited longer: then nothing moves. */
  waitMs(now: Monotonic): number {
    return Math.max(this.#endedMs(), this.inFlight === 0 ? 0 : now - this.#sumOfBegins / this.inFlight);
  }

  /** Little's law: what makes such waits at such a rate. A stage that is quick holds few, however many it could. */
  holds(now: Monotonic): number {
    return Math.max(...this.#rates) * this.waitMs(now);
  }

  #endedMs(): number {
    const { ended, waitedMs } = this.#lately();
    return ended === 0 ? 0 : waitedMs / ended;
  }

  #lately(): Step {
    return this.#steps.reduce((sum, step) => ({
      ended: sum.ended + step.ended,
      waitedMs: sum.waitedMs + step.waitedMs,
      lastedMs: sum.lastedMs + step.lastedMs,
    }));
  }
}
