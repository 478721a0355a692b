import { bodyOf } from '../../switch/journal/body-form.ts';
import type { JournalEntry } from '../../switch/journal/journal.ts';

/** An entry as the database keeps it. */
export interface StoredEntry extends Omit<JournalEntry, 'body'> {
  readonly sequence: number;
  /** JSON, as the node sent it. */
  readonly body: string;
  /** In virtual time. */
  readonly committedAt: number;
}

const read = new WeakMap<StoredEntry, JournalEntry>();

/**
 * What a reader makes of it. Entries never change, and histories are read again and again: each body is read once, and
 * frozen, so that no reader can change what another one reads.
 */
export function readEntry(stored: StoredEntry): JournalEntry {
  const known = read.get(stored);
  if (known) return known;
  const { sequence: _, committedAt: _at, body, ...entry } = stored;
  const whole = frozen({ ...entry, body: bodyOf(entry.kind, JSON.parse(body), entry.transaction) });
  read.set(stored, whole);
  return whole;
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
