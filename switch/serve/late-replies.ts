import type { Clock, Log, Monotonic } from '../../runtime/index.ts';
import { mayStillLeave, type Received } from '../admission/inbound.ts';

const LOG_EVERY_MS = 1_000;

/**
 * Replies that were not sent because their last moment was over. A terminal that has given up may have reversed
 * already, and would take a late approval for the answer to something else: silence leaves the last word to its repeat,
 * which gets the stored answer, or to its reversal, which wins. Each is counted; under load they come by the thousand,
 * so the log gets one line a second, which says how many it stands for.
 */
export class LateReplies {
  readonly #clock: Clock;
  readonly #log: Log;
  #count = 0;
  #unlogged = 0;
  #loggedAt: Monotonic = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Since the node started. */
  get count(): number {
    return this.#count;
  }

  /** Whether the reply to this message may not leave any more; then it is counted. */
  holds({ message, listener, lastMoment }: Pick<Received, 'message' | 'listener' | 'lastMoment'>): boolean {
    const now = this.#clock.monotonic();
    if (mayStillLeave(now, lastMoment)) return false;
    this.#count += 1;
    this.#unlogged += 1;
    if (now - this.#loggedAt < LOG_EVERY_MS) return true;

    const { mti, de11: stan, de41: terminal } = message;
    const late = { lateMs: Math.ceil(now - lastMoment), replies: this.#unlogged };
    this.#log.warn({ event: 'serve.late', listener: listener.name, mti, stan, terminal, ...late });
    this.#unlogged = 0;
    this.#loggedAt = now;
    return true;
  }
}
