import type { ClientBase } from 'pg';
import { readBody } from '../journal/body-form.ts';
import type { JournalEntry, JournalError } from '../journal/journal.ts';
import type { RecentHistories } from './recent-histories.ts';

/**
 * Epochs that are over and are read in one step: a journal that is read from its beginning has one for every start of
 * every process. Those of processes that live are read in every step, however many there are.
 */
const ENDED_EPOCHS_PER_STEP = 16;

const EPOCHS = `
  with unfinished as (
    select l.epoch, coalesce(c.sequence, 0) as sequence, l.ended_at is not null as is_over
      from switch.lease l left join switch.projection_cursor c using (epoch)
      where c.is_finished is not true
  )
  select u.epoch::double precision as epoch, u.sequence::double precision as sequence, u.is_over as "isOver"
    from (
      (select * from unfinished where is_over order by epoch limit ${ENDED_EPOCHS_PER_STEP})
      union all
      (select * from unfinished where not is_over)
    ) u order by u.epoch`;
/** Ordered by the column, as an index is, and not by what is made of it: else all that is unread would be sorted. */
const UNREAD = `
  select j.* from unnest($1::bigint[], $2::bigint[]) as e (epoch, sequence)
    cross join lateral (
      select epoch::double precision as epoch, sequence::double precision as sequence, transaction, version, kind, body,
          (extract(epoch from at) * 1000)::double precision as at
        from switch.journal j where epoch = e.epoch and sequence > e.sequence order by j.sequence limit $3
    ) j order by j.epoch, j.sequence`;
const HISTORIES = `
  select j.* from unnest($1::uuid[]) as t (id)
    cross join lateral (
      select transaction, version, kind, body, (extract(epoch from at) * 1000)::double precision as at,
          epoch::double precision as epoch
        from switch.journal where transaction = t.id order by version
    ) j order by j.transaction, j.version`;
const MOVE_CURSORS = `
  insert into switch.projection_cursor (epoch, sequence, is_finished)
    select * from unnest($1::bigint[], $2::bigint[], $3::boolean[])
    on conflict (epoch) do update set sequence = excluded.sequence, is_finished = excluded.is_finished`;

interface Epoch {
  readonly epoch: number;
  readonly sequence: number;
  readonly isOver: boolean;
}

export interface UnreadEntry extends ReadEntry {
  readonly sequence: number;
}

/** An entry as it was read; or why its body could not be, which is then absent. */
interface ReadEntry extends JournalEntry {
  readonly unread?: JournalError;
}

/** What a step has before it: the next entries of every epoch. */
export interface Unread {
  readonly epochs: readonly Epoch[];
  readonly entries: readonly UnreadEntry[];
  /** Some epoch has more than was read. */
  readonly hasMore: boolean;
}

export async function readUnread(client: ClientBase, maxEntries: number): Promise<Unread> {
  // Whether a lease is over is asked first: what it wrote was committed before it ended.
  const { rows: epochs } = await client.query<Epoch>({ name: 'unread-epochs', text: EPOCHS });
  if (epochs.length === 0) return { epochs, entries: [], hasMore: false };
  const { rows } = await client.query<Omit<UnreadEntry, 'node'>>({
    name: 'unread-entries',
    text: UNREAD,
    values: [epochs.map(({ epoch }) => epoch), epochs.map(({ sequence }) => sequence), maxEntries],
  });
  const entries = rows.map(asEntry);
  return { epochs, entries, hasMore: rows.length >= maxEntries };
}

/**
 * Entries of each transaction, oldest first. What begins with the first entry and has no gap, with what was read in
 * steps before, is folded as it was read; of the others everything is asked for. A transaction with an entry that
 * cannot be read is left out, and told of: it must not keep the others.
 */
export async function historiesOf(
  client: ClientBase,
  entries: readonly UnreadEntry[],
  recent: RecentHistories,
): Promise<Histories> {
  const read = new Map<string, ReadEntry[]>();
  for (const entry of entries) {
    const known = read.get(entry.transaction);
    if (known) known.push(entry);
    else read.set(entry.transaction, [entry]);
  }

  const whole: ReadEntry[][] = [];
  const torn: string[] = [];
  for (const [transaction, found] of read) {
    const history = recent.join(transaction, found);
    if (history) whole.push(history);
    else torn.push(transaction);
  }
  if (torn.length > 0) whole.push(...(await readHistories(client, torn)));

  const histories = readable(whole);
  for (const history of histories.whole) recent.keep(history);
  return histories;
}

export interface Histories {
  readonly whole: readonly (readonly JournalEntry[])[];
  /** Transactions with an entry that this release cannot read. */
  readonly unreadable: readonly Unreadable[];
}

export interface Unreadable {
  readonly transaction: string;
  readonly reason: string;
}

function readable(histories: readonly (readonly ReadEntry[])[]): Histories {
  const unreadable: Unreadable[] = [];
  const whole = histories.filter((history) => {
    const bad = history.find(({ unread }) => unread);
    if (!bad) return true;
    const reason = `entry ${bad.version} (${bad.kind}): ${bad.unread?.message}`;
    unreadable.push({ transaction: bad.transaction, reason });
    return false;
  });
  return { whole, unreadable };
}

/** Everything of these transactions, as far as it can be read. */
export async function readAgain(client: ClientBase, transactions: readonly string[]): Promise<Histories> {
  return readable(await readHistories(client, transactions));
}

/** @returns how many epochs were read to their end and are never looked at again */
export async function moveCursors(
  client: ClientBase,
  { epochs, entries }: Unread,
  maxEntries: number,
): Promise<number> {
  const read = new Map<number, { count: number; last: number }>();
  for (const { epoch, sequence } of entries) {
    const { count, last } = read.get(epoch) ?? { count: 0, last: 0 };
    read.set(epoch, { count: count + 1, last: Math.max(last, sequence) });
  }
  const moved = epochs.flatMap(({ epoch, sequence, isOver }) => {
    const { count, last } = read.get(epoch) ?? { count: 0, last: 0 };
    const isFinished = isOver && count < maxEntries;
    return count === 0 && !isFinished ? [] : { epoch, sequence: Math.max(sequence, last), isFinished };
  });
  if (moved.length === 0) return 0;
  await client.query({
    name: 'move-cursors',
    text: MOVE_CURSORS,
    values: [
      moved.map(({ epoch }) => epoch),
      moved.map(({ sequence }) => sequence),
      moved.map(({ isFinished }) => isFinished),
    ],
  });
  return moved.filter(({ isFinished }) => isFinished).length;
}

async function readHistories(client: ClientBase, transactions: readonly string[]): Promise<ReadEntry[][]> {
  const { rows } = await client.query<Omit<JournalEntry, 'node'>>({
    name: 'histories',
    text: HISTORIES,
    values: [transactions],
  });
  const byTransaction = new Map<string, ReadEntry[]>();
  for (const row of rows) {
    const entries = byTransaction.get(row.transaction);
    if (entries) entries.push(asEntry(row));
    else byTransaction.set(row.transaction, [asEntry(row)]);
  }
  return [...byTransaction.values()];
}

/** Nothing that is projected depends on which node wrote it. */
function asEntry<Row extends Omit<JournalEntry, 'node'>>(row: Row) {
  const read = readBody(row.kind, row.body, row.transaction);
  if ('unread' in read) return Object.assign(row, { node: '', body: undefined, unread: read.unread });
  return Object.assign(row, { node: '', body: read.body });
}
