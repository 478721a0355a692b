import type { Monotonic } from '../../runtime/index.ts';
import type { Ports } from '../ports.ts';
import type { FollowUpJob } from './queue.ts';

// How long an attempt waits for a network. Some answer what nobody waits for at a till whenever they come to it, and
// always a moment after we have stopped listening: then every attempt is in vain, and the money stays where it is. So
// each attempt is more patient than the one before. To wait long at once was rejected: a network that is away would
// keep all workers of its lane.

/** A lane whose work does not end within half a minute is thought to be dead. */
const MOST_MS = 15_000;

export function waitUntil(
  { attempt }: Pick<FollowUpJob, 'attempt'>,
  { clock, settings }: Pick<Ports, 'clock' | 'settings'>,
): Monotonic {
  const { attemptTimeoutMs } = settings.followUps;
  const patienceMs = Math.max(attemptTimeoutMs, Math.min(attempt * attemptTimeoutMs, MOST_MS));
  return clock.monotonic() + patienceMs;
}
