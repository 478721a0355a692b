import type { Clock, Monotonic } from '../../runtime/index.ts';
import type { FallbackSettings, Thresholds } from '../config/fallback.ts';
import { SilentIssuers } from './silent-issuers.ts';
import { type Attempt, SlidingWindow } from './sliding-window.ts';
import { type Degradation, degradation, type Surroundings } from './trend.ts';

/** So many attempts of others, all in all well, show that a network is there. */
const ENOUGH_OTHERS = 3;

/**
 * What the attempts at one counterpart amount to, those set aside that say no more than that its link was down. A line
 * at whose other end nobody is any more is noticed seconds after the first payment on it went unanswered; so what went
 * unanswered since the last answer is the link's failure where the link is lost next, and is forgotten then. That a
 * link is lost again and again is a trend of its own. Issuers that have fallen silent are set aside as well: the others
 * are answered.
 */
export class CounterpartTrend {
  readonly thresholds: Thresholds;
  readonly #clock: Clock;
  readonly #settings: FallbackSettings;
  readonly #window: SlidingWindow;
  /** What of the window went unanswered since the last answer. */
  readonly #unanswered: SlidingWindow;
  readonly #issuers: SilentIssuers;
  /** When the link was found signed on anew, the latest times only. */
  readonly #renewals: Monotonic[] = [];
  #signOns: number | undefined;
  #wasDown = false;

  constructor(clock: Clock, thresholds: Thresholds, settings: FallbackSettings) {
    this.thresholds = thresholds;
    this.#clock = clock;
    this.#settings = settings;
    this.#window = new SlidingWindow(clock, settings.windowMs);
    this.#unanswered = new SlidingWindow(clock, settings.windowMs);
    this.#issuers = new SilentIssuers(clock, settings.windowMs, thresholds.latencyMs);
  }

  /**
   * Called before every use of what is known, so that an answer on a new line does not vouch for the one before.
   * @returns whether the link was lost since the last look
   */
  seeLink({ signOns, linkDownMs }: Surroundings): boolean {
    const isDown = linkDownMs > 0;
    const renewed = signOns - (this.#signOns ?? signOns);
    const wasLost = renewed > 0 || (isDown && !this.#wasDown);
    if (wasLost) {
      this.#window.subtract(this.#unanswered);
      this.#unanswered.clear();
      this.#issuers.clear();
    }
    const { linkLosses } = this.#settings;
    for (let n = Math.min(renewed, linkLosses); n > 0; n -= 1) {
      this.#renewals.push(this.#clock.monotonic());
      if (this.#renewals.length > linkLosses) this.#renewals.shift();
    }
    this.#signOns = signOns;
    this.#wasDown = isDown;
    return wasLost;
  }

  add(attempt: Attempt): void {
    this.#window.add(attempt);
    this.#issuers.add(attempt);
    if (attempt.answered) this.#unanswered.clear();
    else this.#unanswered.add(attempt);
  }

  degradation(surroundings: Surroundings): Degradation | undefined {
    const { linkLosses, windowMs } = this.#settings;
    const [first = 0] = this.#renewals;
    const isUnsteady = this.#renewals.length >= linkLosses && this.#clock.monotonic() - first <= windowMs;
    const known = { ...surroundings, isUnsteady };
    const judge = (window: SlidingWindow, settings = this.#settings) =>
      degradation(window.statistics(), known, this.thresholds, settings);

    const found = judge(this.#window);
    const judgeRest = (rest: SlidingWindow) => judge(rest, { ...this.#settings, minSamples: 1 });
    if (found && this.#isOfIssuers(judgeRest)) return undefined;
    if (found?.cause !== 'trend' || judge(this.#window.without(this.#unanswered))) return found;
    return { ...found, cause: 'silence' };
  }

  /** Of an issuer that leaves everything unanswered: that is known, and says nothing of its network. */
  isOfSilentIssuer({ issuer }: Attempt): boolean {
    return this.#issuers.isSilent(issuer);
  }

  silentIssuers(): string[] {
    return this.#issuers.silent();
  }

  /** Whether all is well but for issuers that are silent; those of others that are heard must be enough to say so. */
  #isOfIssuers(judge: (rest: SlidingWindow) => Degradation | undefined): boolean {
    if (this.#issuers.silent().length === 0) return false;
    const rest = this.#issuers.without(this.#window);
    return rest.statistics().samples >= ENOUGH_OTHERS && judge(rest) === undefined;
  }

  /** What was is not held against a counterpart that is trusted again. */
  clear(): void {
    this.#window.clear();
    this.#unanswered.clear();
    this.#issuers.clear();
    this.#renewals.length = 0;
  }
}
