import type { Monotonic } from '../../runtime/index.ts';
import type { AdmissionSettings } from '../config/admission.ts';
import type { OwnPace } from './own-work.ts';

/** A judgement needs so much time, and a cut as long as the waits it answers to: those show its effect only then. */
const JUDGE_EVERY_MS = 100;
const LONGEST_HOLD_MS = 500;
/** A step up; it shows in the waits a few judgements later. */
const RISE = 1.25;
const DEEPEST_CUT = 0.5;

/**
 * How many may be at work at once: as many as the switch carries, which Little's law says. What ends in a time, times
 * the wait that is aimed at, is how many may wait. Below that the limit rises step by step, but only where it was
 * reached: an idle night or a slow network raises nothing. Where waits are above the target it is cut to that. To cut
 * by the waits alone was rejected: on a machine without processors to spare every wait is long, whatever the limit,
 * and it fell to its floor.
 */
export class AdaptiveLimit {
  readonly #settings: AdmissionSettings;
  #value: number;
  #judgedAt: Monotonic;
  #heldUntil: Monotonic;
  #wasReached = false;

  constructor(settings: AdmissionSettings, now: Monotonic) {
    this.#settings = settings;
    this.#value = settings.minLimit;
    this.#judgedAt = now;
    this.#heldUntil = now;
  }

  get value(): number {
    return Math.floor(this.#value);
  }

  reached(): void {
    this.#wasReached = true;
  }

  /** @param measure how the work went since it was called last, and a little before */
  judge(now: Monotonic, measure: () => OwnPace): void {
    if (now - this.#judgedAt < JUDGE_EVERY_MS) return;
    this.#judgedAt = now;
    const { waitMs, carries } = measure();
    const wasReached = this.#wasReached;
    this.#wasReached = false;
    if (now < this.#heldUntil) return;

    const { targetWaitMs } = this.#settings;
    const carried = carries(targetWaitMs);
    if (waitMs > targetWaitMs) {
      this.#set(Math.min(this.#value, Math.max(carried, this.#value * DEEPEST_CUT)));
      this.#heldUntil = now + Math.min(waitMs, LONGEST_HOLD_MS);
    } else if (wasReached) {
      this.#set(Math.max(this.#value, Math.min(carried, this.#value * RISE + 2)));
    }
  }

  #set(value: number): void {
    const { minLimit, maxLimit } = this.#settings;
    this.#value = Math.min(maxLimit, Math.max(minLimit, value));
  }
}
