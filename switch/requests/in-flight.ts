import type { ReplyFields } from '../transaction/entries.ts';
import { RecentNumbers } from './recent-numbers.ts';

// What this node has at work, by key. It saves a repeat the way to the journal while its original is being decided, and
// bounds how much is at work. It is no record: the journal's unique keys hold without it, over nodes and restarts.

/** A request that this node is working on. */
export interface Running {
  readonly fingerprint: string;
  /** DE7. */
  readonly sentAt: string;
  /** The answer, or nothing where none may be given. Never rejects. */
  readonly reply: Promise<ReplyFields | undefined>;
}

/** Requests in flight on this node by idempotency key, so that a repeat waits for the answer its original gets. */
export class InFlight {
  /** What was opened here lately. */
  readonly recent = new RecentNumbers();
  readonly #running = new Map<string, Running>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#running.size;
  }

  get full(): boolean {
    return this.#running.size >= this.#limit;
  }

  find(key: string): Running | undefined {
    return this.#running.get(key);
  }

  /** Registers `work` under its key until it settles. */
  run(
    key: string,
    what: Pick<Running, 'fingerprint' | 'sentAt'>,
    work: () => Promise<ReplyFields | undefined>,
  ): Running['reply'] {
    const reply = work().finally(() => this.#running.delete(key));
    this.#running.set(key, { ...what, reply });
    return reply;
  }
}
