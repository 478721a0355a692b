/**
 * The mutants that wrap what the switch is given: its journal, its follow-ups, the database below. They need no process
 * of their own. What is decided inside a file is taken away by a `SourceMutant` instead.
 */
import type { Admitting } from '../../switch/admission/gate.ts';
import type { Settings } from '../../switch/config/settings.ts';
import type { FollowUpTasks } from '../../switch/follow-up/tasks.ts';
import type { Journal, NewEntry } from '../../switch/journal/journal.ts';
import { UNCHANGED, type WrapperMutant } from './wrapper-mutant.ts';

export const WRAPPER_MUTANTS: readonly WrapperMutant[] = [
  {
    ...UNCHANGED,
    name: 'pre-send-commit',
    removes: 'the wait for the intention to be durable before a leg leaves',
    parts: (parts) => ({ ...parts, journal: unwaited(parts.journal, 'intended') }),
  },
  {
    ...UNCHANGED,
    name: 'pre-reply-commit',
    removes: 'the wait for the decision to be durable before the reply leaves',
    parts: (parts) => ({ ...parts, journal: unwaited(parts.journal, 'decided') }),
  },
  {
    ...UNCHANGED,
    name: 'late-answer',
    removes: 'the attention to answers that come after their leg was closed',
    lateAnswer: () => () => {},
  },
  {
    ...UNCHANGED,
    name: 'last-moment',
    removes:
      'the last moment of a reply: legs are joined as ever, and what comes of them leaves whenever it is ready',
    parts: (parts) => ({ ...parts, settings: withoutLastMoment(parts.settings) }),
  },
  {
    ...UNCHANGED,
    name: 'idempotency-key',
    removes: 'the uniqueness of the idempotency key',
    parts: (parts) => ({ ...parts, journal: appending(parts.journal, ({ claims: _, ...entry }) => entry) }),
  },
  {
    ...UNCHANGED,
    name: 'lease',
    removes: 'the check of the lease in the commit',
    tables(tables) {
      tables.checksLeases = false;
    },
  },
  {
    ...UNCHANGED,
    name: 'reversal-retry',
    removes: 'the second attempt of a reversal',
    tasks: (tasks) => ({ ...tasks, 'reverse-network': once(tasks['reverse-network']) }),
  },
  {
    ...UNCHANGED,
    name: 'follow-up-order',
    removes: 'the order of follow-ups of one transaction within a lane',
    tables(tables) {
      tables.keepsOrder = false;
    },
  },
  {
    ...UNCHANGED,
    name: 'stored-bodies',
    removes: 'the exactness of what is stored: every body gets a blank that JSON does not mind',
    tables(tables) {
      tables.keepsBodies = false;
    },
  },
  {
    ...UNCHANGED,
    name: 'refund-limit',
    removes: 'the reservation of what a refund takes of its original',
    parts: (parts) => ({ ...parts, journal: without(parts.journal, 'refund-reserved') }),
  },
  {
    ...UNCHANGED,
    name: 'stand-in-limit',
    removes: 'the counters of what stand-in approved',
    parts: (parts) => ({ ...parts, journal: appending(parts.journal, ({ takes: _, ...entry }) => entry) }),
  },
  {
    ...UNCHANGED,
    name: 'batch-claim',
    removes: 'the claim by which of two who close a batch one counts again',
    parts: (parts) => ({ ...parts, journal: unclaimed(parts.journal, 'batch-closed') }),
  },
  {
    ...UNCHANGED,
    name: 'late-reply',
    removes: 'the gate: what waited while its node stood still is served as if it had just come',
    parts: (parts) => ({ ...parts, admitting: () => OPEN_GATE }),
  },
  {
    ...UNCHANGED,
    name: 'forgotten-proof',
    removes: 'the follow-up of a proof that the consensus left out, or that did not come to its usual end',
    tables(tables) {
      tables.awaited.keepsHandedOver = false;
    },
  },
];

/** The last moment a minute away, and the join where it was. */
function withoutLastMoment(settings: Settings): Settings {
  const { deadlineMs, replyMarginMs } = settings;
  return { ...settings, deadlineMs: deadlineMs + 60_000, replyMarginMs: replyMarginMs + 60_000 };
}

const OPEN_GATE: Admitting = {
  ask: ({ settle }) => settle('serve'),
  done() {},
  heardAt: (now) => now,
  mayReply: () => true,
};

/** Says that the entry is there, and leaves it out. */
function without(journal: Journal, kind: string): Journal {
  return over(journal, async (entry, deadline) =>
    entry.kind === kind ? { status: 'appended' } : journal.append(entry, deadline),
  );
}

function unclaimed(journal: Journal, kind: string): Journal {
  return appending(journal, ({ claims, ...entry }) =>
    entry.kind === kind || !claims ? entry : { ...entry, claims },
  );
}

/** Says that the entry is there while it is still under way. */
function unwaited(journal: Journal, kind: string): Journal {
  return over(journal, async (entry, deadline) => {
    const [claim] = entry.claims ?? [];
    const isKnown = claim && (await journal.transactionOf(claim.key));
    if (entry.kind !== kind || isKnown) return journal.append(entry, deadline);
    journal.append(entry).catch(() => {});
    return { status: 'appended' };
  });
}

function appending(journal: Journal, change: (entry: NewEntry) => NewEntry): Journal {
  return over(journal, (entry, deadline) => journal.append(change(entry), deadline));
}

function over(journal: Journal, append: Journal['append']): Journal {
  return {
    append,
    history: (transaction) => journal.history(transaction),
    transactionOf: (key) => journal.transactionOf(key),
    undecided: () => journal.undecided(),
  };
}

function once(task: FollowUpTasks['reverse-network']): FollowUpTasks['reverse-network'] {
  return async (job) => {
    const result = await task(job);
    return 'retryAfterMs' in result ? { done: true } : result;
  };
}
