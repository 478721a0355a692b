/**
 * Tells in the log of something that is tried again and again and goes on failing: the database that is away is met
 * twice a second by whoever waits for it. The first failure has its error with all that caused it; while it lasts one
 * line in ten seconds says how often it failed and why, in one sentence. A stack trace an attempt was two megabytes in
 * an hour, and hid the first.
 */
import type { Clock, Monotonic } from './clock.ts';
import type { Log } from './log.ts';

const TOLD_EVERY_MS = 10_000;

export class LastingTrouble {
  readonly #event: string;
  readonly #clock: Clock;
  readonly #log: Pick<Log, 'warn'>;
  #since: Monotonic | undefined;
  #toldAt: Monotonic = 0;
  #failures = 0;

  constructor(event: string, { clock, log }: { readonly clock: Clock; readonly log: Pick<Log, 'warn'> }) {
    this.#event = event;
    this.#clock = clock;
    this.#log = log;
  }

  failed(error: unknown, facts: Readonly<Record<string, unknown>> = {}): void {
    const now = this.#clock.monotonic();
    this.#failures += 1;
    if (this.#since === undefined) {
      this.#since = now;
      this.#toldAt = now;
      this.#log.warn({ event: this.#event, ...facts, err: error });
      return;
    }
    if (now - this.#toldAt < TOLD_EVERY_MS) return;

    this.#toldAt = now;
    const lastsMs = Math.round(now - this.#since);
    this.#log.warn({
      event: this.#event,
      ...facts,
      failures: this.#failures,
      lastsMs,
      reason: inAWord(error),
    });
  }

  /** It succeeded: the next failure is told whole. */
  over(): void {
    this.#since = undefined;
    this.#failures = 0;
  }
}

function inAWord(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
