import type { Clock, Timer } from '../../runtime/index.ts';

interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

const EPOCH_MS = Date.UTC(2026, 10, 23, 12, 0, 0);

/** Time that passes only when told to. Timers fire in order; promises settle between two of them. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #scheduled = new Set<Scheduled>();

  wall(): number {
    return EPOCH_MS + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): Timer {
    this.#order += 1;
    const scheduled = { at: this.#now + Math.max(0, delayMs), order: this.#order, action };
    this.#scheduled.add(scheduled);
    return { cancel: () => this.#scheduled.delete(scheduled) };
  }

  /** Lets `ms` pass. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#scheduled.delete(next);
      this.#now = next.at;
      next.action();
      await settle();
    }
    this.#now = until;
  }

  #next(until: number): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const scheduled of this.#scheduled) {
      if (scheduled.at > until) continue;
      if (!first || scheduled.at < first.at || (scheduled.at === first.at && scheduled.order < first.order)) {
        first = scheduled;
      }
    }
    return first;
  }
}

/** Everything that waits for settled promises only has run when this resolves. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
