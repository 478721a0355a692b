import type { Monotonic } from '../../runtime/index.ts';
import { type AppendResult, type Journal, JournalError, type NewEntry } from './journal.ts';

// The one loop around an append that others may come before: read, make the entry, append, and where another writer
// was first, again. The journal refuses what was made from a state that is over, so nothing is locked while it is read
// and made. Whoever loses as often as this allows has met a defect, or a storm: it is told, and asks later.

/** Why an entry was not appended: another writer was first. */
export type Collision = Exclude<AppendResult, { readonly status: 'appended' | 'exhausted' }>;

/** The entry that follows from what is known now, and what its writer gets once it is durable; or an end without it. */
export type Step<Result> = { readonly entry: NewEntry; readonly result: Result } | { readonly done: Result };

interface Bounds {
  readonly deadline?: Monotonic;
  readonly maxCollisions?: number;
}

const MAX_COLLISIONS = 20;

/**
 * @param next reads what it needs and makes the step from it; it is asked again after each collision, and told of it
 * @throws JournalError, SW_JOURNAL_CONTENDED where others were first every time; and what `next` throws
 */
export async function untilAppended<Result>(
  journal: Pick<Journal, 'append'>,
  next: (collision?: Collision) => Step<Result> | Promise<Step<Result>>,
  { deadline, maxCollisions = MAX_COLLISIONS }: Bounds = {},
): Promise<Result> {
  let collision: Collision | undefined;
  for (let collisions = 0; collisions < maxCollisions; collisions += 1) {
    const step = await next(collision);
    if ('done' in step) return step.done;
    const appended = await journal.append(step.entry, deadline);
    if (appended.status === 'appended') return step.result;
    if (appended.status === 'exhausted') throw new TypeError('what takes of an allowance is not tried again');
    collision = appended;
  }
  throw new JournalError('SW_JOURNAL_CONTENDED', 'no', { collisions: maxCollisions });
}
