import { DatabaseError } from 'pg';
import { type Clock, LastingTrouble, type Log, type Monotonic } from '../../runtime/index.ts';

/** So long a failure speaks for what comes: without traffic nothing is tried, and nobody could know that it is over. */
const HOLDS_FOR_MS = 15_000;

/**
 * The journal cannot be written although the database answers others: its disk is full, as a rule. A connection that
 * was made before still reads, and may renew a lease in place, so whoever asks only whether the database answers calls
 * a node ready that can approve nothing.
 */
export class WriteTrouble {
  readonly #clock: Clock;
  readonly #flushes: LastingTrouble;
  readonly #connections: LastingTrouble;
  #lastFlush: { readonly why: string; readonly at: Monotonic } | undefined;
  /** Why there is no connection now. */
  #away: string | undefined;

  constructor(parts: { readonly clock: Clock; readonly log: Pick<Log, 'warn'> }) {
    this.#clock = parts.clock;
    this.#flushes = new LastingTrouble('journal.flush-failed', parts);
    this.#connections = new LastingTrouble('journal.unreachable', parts);
  }

  /** What the database said counts; that a connection was lost is told by whoever makes the next. */
  flushFailed(error: Error, facts: Readonly<Record<string, unknown>>): void {
    this.#flushes.failed(error, facts);
    const { cause } = error;
    if (cause instanceof DatabaseError) {
      this.#lastFlush = { why: cause.message, at: this.#clock.monotonic() };
    }
  }

  flushed(): void {
    this.#lastFlush = undefined;
    this.#flushes.over();
  }

  attachFailed(error: unknown): void {
    this.#connections.failed(error);
    this.#away = error instanceof Error ? error.message : String(error);
  }

  attached(): void {
    this.#away = undefined;
    this.#connections.over();
  }

  /** Why nothing can be written; nothing where it can be, or where it was not tried for a while. */
  get why(): string | undefined {
    const last = this.#lastFlush;
    const isRecent = last !== undefined && this.#clock.monotonic() - last.at < HOLDS_FOR_MS;
    return this.#away ?? (isRecent ? last.why : undefined);
  }
}
