import type { Monotonic } from '../../runtime/index.ts';
import type { AdmissionSettings } from '../config/admission.ts';

/** A judgement needs so much time, and a cut as long as the waits it answers to: those show its effect only then. */
const JUDGE_EVERY_MS = 100;
const LONGEST_HOLD_MS = 500;
/** Far below the target the limit opens quickly: back to normal within two seconds. */
const FAR_BELOW = 0.5;
const DEEPEST_CUT = 0.5;

/**
 * How many may be at work at once. Waits above the target cut it in proportion, at most by half; waits below it raise
 * it step by step, but only where it was reached: an idle night or a slow network raises nothing.
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

  /** @param measure what one wait took on average since it was called last */
  judge(now: Monotonic, measure: () => number): void {
    if (now - this.#judgedAt < JUDGE_EVERY_MS) return;
    this.#judgedAt = now;
    const waitMs = measure();
    const wasReached = this.#wasReached;
    this.#wasReached = false;
    if (now < this.#heldUntil) return;

    const { targetWaitMs } = this.#settings;
    if (waitMs > targetWaitMs) {
      this.#set(this.#value * Math.max(DEEPEST_CUT, targetWaitMs / waitMs));
      this.#heldUntil = now + Math.min(waitMs, LONGEST_HOLD_MS);
    } else if (wasReached) {
      this.#set(waitMs < targetWaitMs * FAR_BELOW ? this.#value * 1.25 + 2 : this.#value * 1.05 + 1);
    }
  }

  #set(value: number): void {
    const { minLimit, maxLimit } = this.#settings;
    this.#value = Math.min(maxLimit, Math.max(minLimit, value));
  }
}
