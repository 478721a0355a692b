import type { Clock, Monotonic } from '../../runtime/index.ts';
import { Deadlines, type Expiring } from './deadlines.ts';

/** How a request on a link ended. `unreachable` promises that no byte of it left. */
export type Exchange<M> = Ended<M> | NotSent;

/** How a request ended that left. */
export type Ended<M> =
  | { readonly status: 'answered'; readonly reply: M }
  | { readonly status: 'unknown'; readonly reason: string };

export interface NotSent {
  readonly status: 'unreachable';
  readonly reason: string;
}

interface Waiting<M> extends Expiring {
  readonly key: string;
  readonly resolve: (ended: Ended<M>) => void;
  readonly tag: string | undefined;
}

/** What became of an answer: expected, after its deadline (with the tag its request had), or never asked for. */
export type Fate =
  | { readonly fate: 'matched' | 'unmatched' }
  | { readonly fate: 'late'; readonly tag: string | undefined };

/**
 * Requests that wait for their answer, by match key. A key that is taken refuses a second request; a key whose
 * deadline passed is remembered for a while, so that a late answer is recognised as such and not as a stranger.
 */
export class PendingRequests<M> {
  readonly #rememberExpired: number;
  readonly #deadlines: Deadlines<Waiting<M>>;
  readonly #waiting = new Map<string, Waiting<M>>();
  readonly #expired = new Map<string, string | undefined>();

  /** @param rememberExpired how many expired keys are kept; the oldest go first */
  constructor(clock: Clock, rememberExpired: number) {
    this.#rememberExpired = rememberExpired;
    this.#deadlines = new Deadlines(clock, (waiting) => this.#expire(waiting));
  }

  get size(): number {
    return this.#waiting.size;
  }

  keys(): Iterable<string> {
    return this.#waiting.keys();
  }

  has(key: string): boolean {
    return this.#waiting.has(key);
  }

  /**
   * Waits for the answer to `key`; the caller has checked `has`.
   * @param tag what the caller calls the request, given back with an answer that comes late
   */
  wait(key: string, deadline: Monotonic, tag?: string): Promise<Ended<M>> {
    return new Promise((resolve) => {
      const waiting = { key, deadline, resolve, tag, isOver: false };
      this.#waiting.set(key, waiting);
      this.#deadlines.add(waiting);
    });
  }

  answer(key: string, reply: M): Fate {
    const waiting = this.#waiting.get(key);
    if (waiting) {
      this.#waiting.delete(key);
      this.#deadlines.settle(waiting);
      waiting.resolve({ status: 'answered', reply });
      return { fate: 'matched' };
    }
    if (!this.#expired.has(key)) return { fate: 'unmatched' };
    const tag = this.#expired.get(key);
    this.#expired.delete(key);
    return { fate: 'late', tag };
  }

  /** The link went down: what was sent may or may not have arrived. */
  abandonAll(reason: string): void {
    for (const [key, waiting] of this.#waiting) {
      this.#deadlines.settle(waiting);
      this.#remember(key, waiting.tag);
      waiting.resolve({ status: 'unknown', reason });
    }
    this.#waiting.clear();
  }

  #expire({ key, tag, resolve }: Waiting<M>): void {
    this.#waiting.delete(key);
    this.#remember(key, tag);
    resolve({ status: 'unknown', reason: 'no answer by the deadline' });
  }

  #remember(key: string, tag: string | undefined): void {
    this.#expired.set(key, tag);
    if (this.#expired.size <= this.#rememberExpired) return;
    for (const oldest of this.#expired.keys()) {
      this.#expired.delete(oldest);
      break;
    }
  }
}
