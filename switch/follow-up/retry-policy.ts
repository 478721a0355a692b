import type { Random } from '../../runtime/index.ts';
import type { FollowUpSettings } from '../config/settings.ts';
import type { FollowUpResult } from './queue.ts';

const GROWTH = 1.5;
const JITTER = 0.1;

/**
 * When to try again: delays grow by half from the first to the longest, each jittered by ±10 %.
 * After the last attempt the follow-up is parked where people see it; none is ever dropped.
 *
 * @param attempt the attempt that just ended, from 1
 */
export function retryOrPark(
  attempt: number,
  reason: string,
  settings: FollowUpSettings,
  random: Random,
): FollowUpResult {
  if (attempt >= settings.maxAttempts) return { park: `gave up after ${attempt} attempts: ${reason}` };
  const grown = settings.firstDelayMs * GROWTH ** Math.min(attempt - 1, 40);
  const jitter = 1 - JITTER + (2 * JITTER * random.integer(10_001)) / 10_000;
  return { retryAfterMs: Math.min(grown, settings.maxDelayMs) * jitter };
}
