import type { Monotonic } from '../../runtime/index.ts';
import type { AdmissionSettings } from '../config/admission.ts';
import type { OwnPace } from './own-work.ts';

/** A judgement needs so much time, and a cut as long as the waits it answers to: those show its effect only then. */
const JUDGE_EVERY_MS = 100;
const LONGEST_HOLD_MS = 500;
/**
 * Below so much of the target the limit opens quickly: back to normal within two seconds. A busy machine's waits are
 * about half of the target with next to nothing at work, so that the share is a large one.
 */
const BELOW = 0.75;
const DEEPEST_CUT = 0.5;

/**
 * How many may be at work at once. Waits below the target raise it step by step, but only where it was reached: an
 * idle night or a slow network raises nothing. Waits above the target cut it to what the switch carries by Little's
 * law: the rate at which its work ends, times the target. To cut by the waits alone was rejected: on a machine without
 * processors to spare every wait is long, whatever the limit, and it fell to its floor.
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
    if (waitMs > targetWaitMs) {
      const carried = Math.max(carries(targetWaitMs), this.#value * DEEPEST_CUT);
      this.#set(Math.min(this.#value, carried));
      this.#heldUntil = now + Math.min(waitMs, LONGEST_HOLD_MS);
    } else if (wasReached) {
      this.#set(waitMs < targetWaitMs * BELOW ? this.#value * 1.25 + 2 : this.#value * 1.05 + 1);
    }
  }

  #set(value: number): void {
    const { minLimit, maxLimit } = this.#settings;
    this.#value = Math.min(maxLimit, Math.max(minLimit, value));
  }
}
