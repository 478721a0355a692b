import type { FollowUp, Journal, NewEntry } from '../../journal/journal.ts';
import type { EntryKind } from '../../transaction/entries.ts';
import { noticesIn } from './events.ts';

/** Work that an entry leaves behind for those who must be told of it. */
export type OutboxTask = 'notify' | 'raise-alert' | 'look-again';

export const OUTBOX_LANES: Readonly<Record<OutboxTask, string>> = {
  notify: 'notify',
  'raise-alert': 'alerts',
  // A reversal that matched nothing may mean a payment that comes behind it: then people are told.
  'look-again': 'alerts',
};

/** A reversal that matched nothing is looked at once more. */
export function lookAgain(transaction: string): FollowUp {
  const task: OutboxTask = 'look-again';
  return { task, transaction, lane: OUTBOX_LANES[task] };
}

/**
 * The outbox: what has to be told of an entry is committed with it, so that nothing is told that did not happen, and
 * nothing that happened is left untold.
 *
 * @param isAnybodyListening whether any merchant has an address for notices now
 */
export function withOutbox(journal: Journal, isAnybodyListening: () => boolean): Journal {
  return {
    history: (transaction) => journal.history(transaction),
    transactionOf: (key) => journal.transactionOf(key),
    undecided: () => journal.undecided(),
    append: (entry, deadline) => journal.append(withNotices(entry, isAnybodyListening()), deadline),
  };
}

function withNotices(entry: NewEntry, isAnybodyListening: boolean): NewEntry {
  const notices = noticesIn(entry.kind as EntryKind, entry.body);
  if (notices.length === 0) return entry;
  const hasCase = notices.some(({ type }) => type === 'case.opened');
  const tasks: OutboxTask[] = [
    ...(isAnybodyListening ? (['notify'] as const) : []),
    ...(hasCase ? (['raise-alert'] as const) : []),
  ];
  if (tasks.length === 0) return entry;
  const { transaction } = entry;
  const told = tasks.map((task): FollowUp => ({ task, transaction, lane: OUTBOX_LANES[task] }));
  return { ...entry, followUps: [...(entry.followUps ?? []), ...told] };
}
