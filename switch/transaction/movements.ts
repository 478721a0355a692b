import { businessDate } from '../config/business-calendar.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { Dated, EntryBodies, EntryKind } from './entries.ts';
import { foldTransaction, type Transaction } from './fold.ts';

// What an entry does to the money of its transaction, on the business date on which it was written. Movements are read
// off the fold: whatever changes what stands is one, and no entry has to say so. A day is the sum of its movements, so
// what comes later belongs to its own day and leaves this one as it was.

/** Of what a network holds, has taken or has given for a transaction. */
export const ACCOUNTS = ['held', 'captured', 'refunded'] as const;
export type Account = (typeof ACCOUNTS)[number];
export type Accounts = Readonly<Record<Account, number>>;

export interface Movement {
  readonly version: number;
  /** The entry that moved it; what is taken back says by which message. */
  readonly kind: string;
  readonly account: Account;
  /** Signed, in minor units. */
  readonly minorUnits: number;
  readonly businessDate: string;
  readonly at: number;
}

export const NOTHING: Accounts = { held: 0, captured: 0, refunded: 0 };

/** What a transaction begins with is in its own row: it is no movement of its own there. */
const OPENS: ReadonlySet<EntryKind> = new Set<EntryKind>(['decided', 'offline-approved']);

/** Where what stands of a transaction is, or should be, at its network. */
export function accountsOf(kind: string, state: string, standingMinorUnits: number): Accounts {
  if (kind === 'refund') return { ...NOTHING, refunded: standingMinorUnits };
  if (kind === 'pre-authorisation' && state !== 'captured') return { ...NOTHING, held: standingMinorUnits };
  return { ...NOTHING, captured: standingMinorUnits };
}

/**
 * The business date of an entry.
 * @param undatedHour the UTC hour at which a business day began when entries had no date
 */
export function dateOfEntry({ body, at }: JournalEntry, undatedHour: number): string {
  return (body as Dated).businessDate ?? businessDate(at, undatedHour);
}

/** A transaction, and what was moved after it was approved, oldest first. */
export function foldMovements(entries: readonly JournalEntry[], undatedHour: number) {
  const movements: Movement[] = [];
  let before = NOTHING;
  const folded = foldTransaction(entries, (entry, now) => {
    const after = accountsNow(now);
    if (!OPENS.has(entry.kind as EntryKind)) {
      movements.push(...movementsBetween(before, after, entry, undatedHour));
    }
    before = after;
  });
  return { folded, movements };
}

function accountsNow({ opening, state, standingMinorUnits }: Transaction): Accounts {
  return opening ? accountsOf(opening.facts.kind, state, standingMinorUnits) : NOTHING;
}

function movementsBetween(
  before: Accounts,
  after: Accounts,
  entry: JournalEntry,
  undatedHour: number,
): Movement[] {
  return ACCOUNTS.flatMap((account) => {
    const minorUnits = after[account] - before[account];
    if (minorUnits === 0) return [];
    const { version, at } = entry;
    const businessDate = dateOfEntry(entry, undatedHour);
    return { version, kind: kindOf(entry), account, minorUnits, businessDate, at };
  });
}

function kindOf({ kind, body }: JournalEntry): string {
  if (kind !== 'taken-back') return kind;
  const { by, batch } = body as EntryBodies['taken-back'];
  return batch === undefined ? by : 'void-before-clearing';
}
