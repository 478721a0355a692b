import { jitter, type Random } from '../../runtime/index.ts';
import type { RetryStrategy } from '../config/retry.ts';
import type { FollowUpResult } from './queue.ts';

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
  const { firstDelayMs, maxDelayMs, maxAttempts, factor = FACTOR, jitter: spread = JITTER } = strategy;
  const codes: ReadonlySet<string> = new Set(strategy.retryableCodes);
  return {
    again(attempt, reason) {
      if (attempt >= maxAttempts) return { park: `gave up after ${attempt} attempts: ${reason}` };
      const grown = firstDelayMs * factor ** Math.min(attempt - 1, MAX_STEPS);
      return { retryAfterMs: Math.min(grown, maxDelayMs) * jitter(random, spread) };
    },
    isRetryable: (code) => codes.has(code),
  };
}
