import type { ClientBase } from 'pg';
import { openCases } from '../cases/open-cases.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { projectValidated, putAwaited, removeAwaited } from './awaited-rows.ts';
import { projectBatch } from './batch-rows.ts';
import { putHolds, removeHolds } from './hold-rows.ts';
import { caseOfBatch, caseOfUnreadable, casesOfTransaction } from './journal-cases.ts';
import { insertMovements } from './movement-rows.ts';
import type { RecentHistories } from './recent-histories.ts';
import { upsertTransactions } from './transaction-lines.ts';
import { type ProjectedTransaction, projectTransaction } from './transaction-row.ts';
import {
  type Histories,
  historiesOf,
  moveCursors,
  readAgain,
  readUnread,
  type Unreadable,
} from './unread-entries.ts';
import type { YoungIntentions } from './young-intentions.ts';

const INSERT_REFUNDS = `
  insert into switch.projected_refund (refund, original, amount)
    select refund, original, amount from json_populate_recordset(null::switch.projected_refund, $1)
    on conflict (refund) do nothing`;
/** Of originals whose refunds, or whose reservations, this step has touched. */
const SUM_REFUNDS = `
  update switch.projected_transaction o set refunded = s.refunded
    from (
      select r.original, coalesce(sum(t.standing), 0) as refunded
        from switch.projected_refund r
        left join switch.projected_transaction t on t.transaction = r.refund and t.state in ('approved', 'captured')
        where r.original in (select original from switch.projected_refund where refund = any ($1::uuid[]))
        group by r.original
    ) s
    where o.transaction = s.original and o.refunded <> s.refunded`;
const INSERT_BATCHES = `
  insert into switch.projected_batch
    select * from json_populate_recordset(null::switch.projected_batch, $1) on conflict (batch) do nothing`;
const INSERT_UPLOADS = `
  insert into switch.projected_upload
    select * from json_populate_recordset(null::switch.projected_upload, $1) on conflict (upload) do nothing`;
const INSERT_MEMBERS = `
  insert into switch.projected_batch_member as m (transaction, batch)
    select distinct on (transaction) transaction, batch from unnest($1::uuid[], $2::uuid[]) as held (transaction, batch)
      order by transaction, batch desc
    on conflict (transaction) do update set batch = excluded.batch where excluded.batch > m.batch`;
/**
 * Either may be read first: the transaction, or the settlement of its batch. What is in two, with completions before
 * and after the first was closed, is in the later one: ids are in the order of time.
 */
const JOIN_BATCHES = `
  with member as materialized (
    select m.transaction, m.batch from unnest($1::uuid[]) as touched (transaction)
      join switch.projected_batch_member m on m.transaction = touched.transaction
  )
  update switch.projected_transaction t set batch = member.batch
    from member where t.transaction = member.transaction and t.batch is distinct from member.batch`;

export interface StepOptions {
  /** The UTC hour at which a business day began when entries had no date. */
  readonly undatedHour: number;
  /** Of one epoch. */
  readonly maxEntries: number;
  /** After how long an accepted proof is final, as a rule. */
  readonly finalityMs: number;
  /** Of the projector: what steps before this one read, and what they left for later. */
  readonly recent: RecentHistories;
  readonly young: YoungIntentions;
  /** A payment that was asked for later than then, wall clock, and is open need not be projected yet. */
  readonly openSince: number;
}

/** What a step did. */
export interface Step {
  /** Entries and ends of epochs; 0 where nothing was left. */
  readonly read: number;
  /** More than one step takes is there. */
  readonly hasMore: boolean;
  /** What was left out, since this release cannot read it. */
  readonly unreadable: readonly Unreadable[];
}

/** Of transactions that were left out: as many are tried again at once. */
const MAX_AGAIN = 1_000;
const NOTE_UNREADABLE = `
  insert into switch.unread_transaction (transaction, reason)
    select transaction, reason from json_populate_recordset(null::switch.unread_transaction, $1)
    on conflict (transaction) do nothing`;
const UNREADABLE = `select transaction from switch.unread_transaction order by transaction limit ${MAX_AGAIN}`;
const FORGET_UNREADABLE = 'delete from switch.unread_transaction where transaction = any ($1::uuid[])';

/**
 * Projects the next entries of every epoch, in one database transaction: rows and cursors agree at any time.
 *
 * Within an epoch entries become visible in the order of their sequence, so a cursor passes none by. A transaction
 * that is touched is folded anew from all of its entries: projecting one twice, or out of order, makes no difference.
 * Of several epochs one may be ahead; the row of the later version stays.
 */
export async function projectStep(client: ClientBase, options: StepOptions): Promise<Step> {
  await client.query('begin');
  try {
    const { written, ...done } = await step(client, options);
    await client.query('commit');
    options.young.forget(written);
    return done;
  } catch (error) {
    await client.query('rollback').catch(() => {}); // the connection may be what failed
    throw error;
  }
}

async function step(client: ClientBase, options: StepOptions): Promise<Step & { written: string[] }> {
  const { maxEntries, recent } = options;
  const unread = await readUnread(client, maxEntries);
  const left = await projectValidated(client, unread.entries, recent);
  const histories = left.length === 0 ? NOTHING_READ : await historiesOf(client, left, recent);
  const { whole, unreadable } = histories;
  const due = dueHistories(whole, options);
  if (due.length > 0) await projectHistories(client, due, options);
  await leaveOut(client, unreadable);
  const finished = await moveCursors(client, unread, maxEntries);
  return {
    read: unread.entries.length + finished,
    hasMore: unread.hasMore || finished > 0,
    unreadable,
    written: due.flatMap(([first]) => first?.transaction ?? []),
  };
}

const NOTHING_READ: Histories = { whole: [], unreadable: [] };

/** One that cannot be read must not stop the projection of all others; but people must know of it. */
async function leaveOut(client: ClientBase, unreadable: readonly Unreadable[]): Promise<void> {
  if (unreadable.length === 0) return;
  await client.query(NOTE_UNREADABLE, [JSON.stringify(unreadable)]);
  await openCases(client, unreadable.map(caseOfUnreadable), 'switch');
}

/** Projects what an earlier release, or an earlier fault, left out. @returns how many transactions */
export async function projectAgain(
  client: ClientBase,
  options: Pick<StepOptions, 'undatedHour' | 'finalityMs'>,
): Promise<number> {
  const { rows } = await client.query<{ transaction: string }>(UNREADABLE);
  if (rows.length === 0) return 0;

  await client.query('begin');
  try {
    const { whole } = await readAgain(
      client,
      rows.map(({ transaction }) => transaction),
    );
    if (whole.length > 0) await projectHistories(client, whole, options);
    const done = whole.flatMap(([first]) => first?.transaction ?? []);
    await client.query(FORGET_UNREADABLE, [done]);
    await client.query('commit');
    return done.length;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** What was read now and may not wait, and what was left for later and may not wait any more. */
function dueHistories(
  read: readonly (readonly JournalEntry[])[],
  { young, openSince }: StepOptions,
): (readonly JournalEntry[])[] {
  const due = read.filter((history) => !young.keep(history, openSince));
  const known = new Set(due.map(([first]) => first?.transaction));
  return [...due, ...young.grown(openSince).filter(([first]) => !known.has(first?.transaction))];
}

async function projectHistories(
  client: ClientBase,
  histories: readonly (readonly JournalEntry[])[],
  { undatedHour, finalityMs }: Pick<StepOptions, 'undatedHour' | 'finalityMs'>,
): Promise<void> {
  const projected: ProjectedTransaction[] = [];
  const batches: ReturnType<typeof projectBatch>[] = [];
  for (const history of histories) {
    const transaction = projectTransaction(history, undatedHour);
    if (transaction) projected.push(transaction);
    else batches.push(...history.map((entry) => projectBatch(entry, undatedHour)));
  }

  const rows = projected.map(({ row }) => row);
  const latest = await upsertTransactions(client, rows);
  const current = projected.filter(({ row }) => latest.has(row.transaction));
  await putAwaited(
    client,
    current.flatMap(({ proof }) => (proof && proof !== 'over' ? [proof] : [])),
    finalityMs,
  );
  await removeAwaited(
    client,
    current.flatMap(({ row, proof }) => (proof === 'over' ? [row.transaction] : [])),
  );
  await putHolds(
    client,
    current.flatMap(({ hold }) => (hold && hold !== 'over' ? [hold] : [])),
  );
  await removeHolds(
    client,
    current.flatMap(({ row, hold }) => (hold === 'over' ? [row.transaction] : [])),
  );
  await countRefunds(client, projected);
  await insertMovements(client, projected);

  const members = await insertBatches(client, batches);
  const counted = rows.filter((row) => row.batch_side !== null).map(({ transaction }) => transaction);
  if (counted.length + members.length > 0) await client.query(JOIN_BATCHES, [[...counted, ...members]]);
  const cases = [
    ...projected.flatMap(casesOfTransaction),
    ...batches.flatMap(({ batch }) => (batch ? caseOfBatch(batch) : [])),
  ];
  if (cases.length > 0) await openCases(client, cases, 'switch');
}

async function countRefunds(client: ClientBase, projected: readonly ProjectedTransaction[]): Promise<void> {
  const refunds = projected.flatMap(({ row, refunds: reserved }) =>
    reserved.map(({ refund, minorUnits }) => ({ refund, original: row.transaction, amount: minorUnits })),
  );
  if (refunds.length > 0) await client.query(INSERT_REFUNDS, [JSON.stringify(refunds)]);
  const touched = [
    ...refunds.map(({ refund }) => refund),
    ...projected.filter(({ row }) => row.kind === 'refund').map(({ row }) => row.transaction),
  ];
  if (touched.length > 0) await client.query(SUM_REFUNDS, [touched]);
}

/** @returns the transactions of the batches that were closed */
async function insertBatches(
  client: ClientBase,
  batches: readonly ReturnType<typeof projectBatch>[],
): Promise<string[]> {
  const rows = batches.flatMap(({ batch }) => (batch ? [batch] : []));
  const uploads = batches.flatMap(({ upload }) => (upload ? [upload] : []));
  const members = batches.flatMap(({ batch, members: held = [] }) =>
    held.map((transaction) => ({ transaction, batch: batch?.batch })),
  );
  if (rows.length > 0) await client.query(INSERT_BATCHES, [JSON.stringify(rows)]);
  if (uploads.length > 0) await client.query(INSERT_UPLOADS, [JSON.stringify(uploads)]);
  const transactions = members.map(({ transaction }) => transaction);
  if (members.length > 0) {
    await client.query(INSERT_MEMBERS, [transactions, members.map(({ batch }) => batch)]);
  }
  return transactions;
}
