import type { Clock } from '../../runtime/index.ts';
import { type Attempt, SlidingWindow } from './sliding-window.ts';

/** Ranges that are kept apart at once; who failed longest ago makes room. */
const MAX_RANGES = 64;
/** Who leaves so many of its attempts without an answer, and so large a share of them, is silent. */
const SILENT_FAILURES = 2;
const SILENT_SHARE = 0.8;

/**
 * The issuers behind a network, by the leading digits of their cards, as far as they leave attempts without an answer.
 * One issuer that has fallen silent says nothing of its network: the others are answered. To keep every range apart was
 * rejected, there are thousands of them; one that never fails needs no window.
 */
export class SilentIssuers {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #ranges = new Map<string, SlidingWindow>();

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  add(attempt: Attempt): void {
    const { issuer, answered } = attempt;
    if (issuer === undefined) return;
    const known = this.#ranges.get(issuer);
    if (answered) {
      known?.add(attempt);
      return;
    }

    const window = known ?? new SlidingWindow(this.#clock, this.#windowMs);
    window.add(attempt);
    this.#ranges.delete(issuer);
    this.#ranges.set(issuer, window);
    for (const oldest of this.#ranges.keys()) {
      if (this.#ranges.size <= MAX_RANGES) break;
      this.#ranges.delete(oldest);
    }
  }

  isSilent(issuer: string | undefined): boolean {
    const window = issuer === undefined ? undefined : this.#ranges.get(issuer);
    if (!window) return false;
    const { samples, failures } = window.statistics();
    return failures >= SILENT_FAILURES && failures >= samples * SILENT_SHARE;
  }

  silent(): string[] {
    return [...this.#ranges.keys()].filter((issuer) => this.isSilent(issuer));
  }

  /** What is left of a network's attempts without those of its silent issuers. */
  without(all: SlidingWindow): SlidingWindow {
    return this.silent().reduce((rest, issuer) => {
      const window = this.#ranges.get(issuer);
      return window ? rest.without(window) : rest;
    }, all);
  }

  clear(): void {
    this.#ranges.clear();
  }
}
