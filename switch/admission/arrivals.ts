import type { Monotonic } from '../../runtime/index.ts';
import type { Admitting } from './gate.ts';

/** A connection that is taken later than this was waiting for somebody who stood still. */
const STANDSTILL_MS = 100;
const LONGEST_MS = 1_000;
/** One that is taken so soon after another may have waited beside it. */
const BESIDE_MS = 25;

interface Queue {
  /** Whoever waits in it can have come then. */
  readonly since: Monotonic;
  /** Nobody waits any more who came before. */
  readonly endsAt: Monotonic;
  /** Who is taken by then was beside the one before. */
  readonly nextBy: Monotonic;
}

/**
 * When a connection can have been made at the earliest, and what was sent with it. The operating system makes
 * connections while this process is away, and they are taken one in each turn of the event loop: the last of them in a
 * turn that was late for nothing. So those that are taken one after the other behind a standstill are as old as that,
 * for no longer than it lasted. To believe each by itself was rejected: a switch that was started again on a busy
 * machine answered after three seconds what it took for new.
 */
export class Arrivals {
  readonly #gate: Pick<Admitting, 'heardAt'>;
  #queue: Queue | undefined;

  constructor(gate: Pick<Admitting, 'heardAt'>) {
    this.#gate = gate;
  }

  cameAt(now: Monotonic): Monotonic {
    const heardAt = this.#gate.heardAt(now);
    const queue = this.#queue;
    if (queue !== undefined && heardAt <= queue.nextBy && now <= queue.endsAt) {
      this.#queue = { ...queue, nextBy: now + BESIDE_MS };
      return Math.min(queue.since, heardAt);
    }

    const lag = now - heardAt;
    this.#queue =
      lag < STANDSTILL_MS
        ? undefined
        : { since: heardAt, endsAt: now + Math.min(lag, LONGEST_MS), nextBy: now + BESIDE_MS };
    return heardAt;
  }
}
