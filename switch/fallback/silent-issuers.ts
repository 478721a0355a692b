import type { Clock } from '../../runtime/index.ts';
import { type Attempt, SlidingWindow } from './sliding-window.ts';

/** Ranges that are kept apart at once; who failed longest ago makes room. */
const MAX_RANGES = 64;
/** Who does so badly with so many of its attempts, and so large a share of them, is set apart. */
const SILENT_FAILURES = 2;
const SILENT_SHARE = 0.8;

/** The attempts of one range: as they were, and again with whatever took too long as unanswered. */
interface Range {
  readonly all: SlidingWindow;
  readonly inTime: SlidingWindow;
}

/**
 * The issuers behind a network, by the leading digits of their cards, as far as they leave attempts without an answer,
 * or answer so late that it is as good as none. One issuer that has fallen silent says nothing of its network: the
 * others are answered. To keep every range apart was rejected, there are thousands of them; one that never fails needs
 * no window.
 */
export class SilentIssuers {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #lateMs: number;
  readonly #ranges = new Map<string, Range>();

  /** @param lateMs what takes so long is as good as unanswered */
  constructor(clock: Clock, windowMs: number, lateMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#lateMs = lateMs;
  }

  add(attempt: Attempt): void {
    const { issuer, answered, tookMs } = attempt;
    if (issuer === undefined) return;
    const known = this.#ranges.get(issuer);
    const isInTime = answered && tookMs < this.#lateMs;
    if (isInTime && !known) return;

    const range = known ?? { all: this.#window(), inTime: this.#window() };
    range.all.add(attempt);
    range.inTime.add({ ...attempt, answered: isInTime });
    if (isInTime) return;
    this.#ranges.delete(issuer);
    this.#ranges.set(issuer, range);
    for (const oldest of this.#ranges.keys()) {
      if (this.#ranges.size <= MAX_RANGES) break;
      this.#ranges.delete(oldest);
    }
  }

  isSilent(issuer: string | undefined): boolean {
    const range = issuer === undefined ? undefined : this.#ranges.get(issuer);
    if (!range) return false;
    const { samples, failures } = range.inTime.statistics();
    return failures >= SILENT_FAILURES && failures >= samples * SILENT_SHARE;
  }

  silent(): string[] {
    return [...this.#ranges.keys()].filter((issuer) => this.isSilent(issuer));
  }

  /** What is left of a network's attempts without those of its silent issuers. */
  without(all: SlidingWindow): SlidingWindow {
    return this.silent().reduce((rest, issuer) => {
      const range = this.#ranges.get(issuer);
      return range ? rest.without(range.all) : rest;
    }, all);
  }

  #window(): SlidingWindow {
    return new SlidingWindow(this.#clock, this.#windowMs);
  }

  clear(): void {
    this.#ranges.clear();
  }
}
