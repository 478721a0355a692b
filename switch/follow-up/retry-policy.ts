import { type Static, Type } from 'typebox';
import type { Random } from '../../runtime/index.ts';
import type { FollowUpResult } from './queue.ts';

/** When and how often a task is tried again. */
const strategy = {
  /** From the first attempt to the second. */
  firstDelayMs: Type.Integer({ minimum: 10, maximum: 60_000 }),
  /** By which each delay is longer than the one before; 1.5 where absent. */
  factor: Type.Optional(Type.Number({ minimum: 1, maximum: 10 })),
  maxDelayMs: Type.Integer({ minimum: 100, maximum: 3_600_000 }),
  /** The share by which a delay may be longer or shorter, by chance; 0.1 where absent. */
  jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 0.5 })),
  /** After the last one people must look. */
  maxAttempts: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  /** Answers of a counterpart (DE39, or an HTTP status) after which the same may well succeed later. */
  retryableCodes: Type.Optional(Type.Array(Type.String({ pattern: '^[0-9A-Z]{2,3}$' }), { maxItems: 64 })),
};

export const RetryStrategy = Type.Object(strategy);
export type RetryStrategy = Static<typeof RetryStrategy>;

/** What of a strategy is another for one task. */
export const RetryOverrides = Type.Partial(RetryStrategy);
export type RetryOverrides = Static<typeof RetryOverrides>;

const FACTOR = 1.5;
const JITTER = 0.1;
/** Beyond that many steps every delay is the longest. */
const MAX_STEPS = 1_000;

/** How one task goes on after an attempt that did not end it. */
export interface Retry {
  /** Again later, or parked after the last attempt; none is ever dropped. @param attempt that just ended, from 1 */
  again(attempt: number, reason: string): FollowUpResult;
  /** Whether a counterpart that answered this may answer otherwise later. */
  isRetryable(code: string): boolean;
}

export function retry(strategy: RetryStrategy, random: Random): Retry {
  const { firstDelayMs, maxDelayMs, maxAttempts, factor = FACTOR, jitter = JITTER } = strategy;
  const codes: ReadonlySet<string> = new Set(strategy.retryableCodes);
  return {
    again(attempt, reason) {
      if (attempt >= maxAttempts) return { park: `gave up after ${attempt} attempts: ${reason}` };
      const grown = firstDelayMs * factor ** Math.min(attempt - 1, MAX_STEPS);
      const share = 1 - jitter + (2 * jitter * random.integer(10_001)) / 10_000;
      return { retryAfterMs: Math.min(grown, maxDelayMs) * share };
    },
    isRetryable: (code) => codes.has(code),
  };
}
