import type { BusinessCalendar } from '../config/business-calendar.ts';
import type { Journal, NewEntry } from '../journal/journal.ts';
import type { EntryKind } from './entries.ts';

/**
 * Whether an entry has a business date: what moves money, and what settles it. A decision is of the day on which its
 * transaction was opened, and what only tells of a leg moves nothing.
 */
const IS_DATED: Readonly<Record<EntryKind, boolean>> = {
  intended: true,
  'named-again': false,
  'told-again': false,
  decided: false,
  'offline-approved': true,
  'stand-in-reserved': false,
  remembered: true,
  'notice-refused': false,
  'advice-kept': true,
  'taken-back': true,
  'void-told': false,
  'void-reversed': true,
  'void-reversed-late': false,
  'partly-taken-back': true,
  captured: true,
  adjusted: true,
  'hold-ending': false,
  'hold-expired': true,
  'chip-told': false,
  'case-opened': false,
  'increment-intended': false,
  'increment-decided': true,
  'increment-taken-back': true,
  'batch-compared': true,
  'batch-closed': true,
  uploaded: false,
  'refund-reserved': false,
  'reversal-numbered': false,
  'network-reversed': false,
  'network-reinstated': false,
  'network-absent': false,
  'network-not-found': false,
  'network-reversal-refused': false,
  'network-advised': false,
  'network-advice-refused': false,
  'late-answer': false,
  notified: false,
  'pop-asked': false,
  'pop-accepted': false,
  'pop-validated': false,
  'pop-failed': false,
  'pop-cancelled': false,
  'pop-stands': false,
  reconciled: false,
};

/**
 * A journal that writes the business date into whatever has one, as the last hand before it is written: so a date is a
 * fact, of the calendar that held then, and no later setting makes another of it. To date rows when they are projected
 * was the form before: to move the cut-over moved money between days that were closed.
 */
export function datedJournal(
  journal: Journal,
  calendar: BusinessCalendar,
  clock: { wall(): number },
): Journal {
  return {
    append: (entry, deadline) => journal.append(dated(entry, calendar, clock), deadline),
    history: (transaction) => journal.history(transaction),
    transactionOf: (key) => journal.transactionOf(key),
    undecided: () => journal.undecided(),
  };
}

function dated(entry: NewEntry, calendar: BusinessCalendar, clock: { wall(): number }): NewEntry {
  if (!IS_DATED[entry.kind as EntryKind]) return entry;
  return { ...entry, body: { ...entry.body, businessDate: calendar.dateOf(clock.wall()) } };
}
