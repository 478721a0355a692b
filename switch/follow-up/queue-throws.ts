import type { FollowUpResult } from './queue-task.ts';

/**
 * What becomes of a follow-up whose task threw. A task answers with its own retry where a counterpart is away; what it
 * throws is either a defect, or says that something of our own (HSM, journal, database) is away. A defect that throws
 * every time ends before people. An outage ends by itself: to park what met it would park everything that waits, just
 * as it is over, so it is given a day.
 *
 * Counted is how often in a row it threw, not how often it was tried: a reversal that was tried sixty times while its
 * network was away is as good as new.
 */
const MAX_DEFECTS = 50;
const MAX_OUTAGES = 1_500;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;
const MAX_DOUBLINGS = 20;

/** The codes of what is ours and may be away. */
const AWAY =
  /^(HSM_(UNAVAILABLE|TIMEOUT|BUSY|TOKEN_FAILED)|SW_JOURNAL_(UNAVAILABLE|FULL|CONTENDED|CLOSED|FENCED|NOT_DURABLE))$/;

/** @param throws in a row, this one included */
export function afterThrow(throws: number, error: unknown): Exclude<FollowUpResult, { readonly done: true }> {
  const most = isOutage(error) ? MAX_OUTAGES : MAX_DEFECTS;
  if (throws >= most) return { park: `threw ${throws} times in a row` };
  const delayMs = FIRST_DELAY_MS * 2 ** Math.min(throws - 1, MAX_DOUBLINGS);
  return { retryAfterMs: Math.min(delayMs, MAX_DELAY_MS) };
}

function isOutage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && AWAY.test(code);
}
