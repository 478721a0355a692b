import type { ClientBase } from 'pg';
import { openCases } from '../cases/open-cases.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { projectBatch } from './batch-rows.ts';
import { caseOfBatch, casesOfTransaction } from './journal-cases.ts';
import { type ProjectedTransaction, projectTransaction } from './transaction-row.ts';

/**
 * Epochs that are read in one step. A journal that is read from its beginning has one for every start of every node.
 */
const EPOCHS_PER_STEP = 16;

const EPOCHS = `
  select l.epoch::double precision as epoch, coalesce(c.sequence, 0)::double precision as sequence,
      l.ended_at is not null as "isOver"
    from switch.lease l left join switch.projection_cursor c using (epoch)
    where c.is_finished is not true
    order by l.epoch limit ${EPOCHS_PER_STEP}`;
const UNREAD = `
  select j.epoch::double precision as epoch, j.sequence::double precision as sequence, j.transaction
    from unnest($1::bigint[], $2::bigint[]) as e (epoch, sequence)
    cross join lateral (
      select epoch, sequence, transaction from switch.journal
        where epoch = e.epoch and sequence > e.sequence order by sequence limit $3
    ) j`;
const HISTORIES = `
  select transaction, version, kind, body, (extract(epoch from at) * 1000)::double precision as at,
      epoch::double precision as epoch
    from switch.journal where transaction = any ($1::uuid[]) order by transaction, version`;
const MOVE_CURSORS = `
  insert into switch.projection_cursor (epoch, sequence, is_finished)
    select * from unnest($1::bigint[], $2::bigint[], $3::boolean[])
    on conflict (epoch) do update set sequence = excluded.sequence, is_finished = excluded.is_finished`;

/** Columns that a row's own entries decide; the others are about other transactions. */
const COLUMNS = [
  ...['version', 'kind', 'state', 'listener', 'terminal', 'merchant', 'stan', 'rrn', 'transmitted_at'],
  ...['masked_pan', 'card_reference', 'network', 'network_state', 'pop_state', 'is_enrolled', 'currency'],
  ...['asked', 'cash', 'approved', 'captured', 'standing', 'network_amount', 'pop_amount', 'response_code'],
  ...['approval_code', 'business_date', 'opened_at', 'decided_at', 'cases', 'batch_side'],
];
const UPSERT_TRANSACTIONS = `
  insert into switch.projected_transaction as t (transaction, ${COLUMNS.join(', ')})
    select transaction, ${COLUMNS.join(', ')}
    from json_populate_recordset(null::switch.projected_transaction, $1)
    on conflict (transaction) do update set ${COLUMNS.map((name) => `${name} = excluded.${name}`).join(', ')}
    where excluded.version >= t.version`;
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
  insert into switch.projected_batch_member (transaction, batch)
    select * from unnest($1::uuid[], $2::uuid[]) on conflict (transaction) do nothing`;
/** Either may be read first: the transaction, or the settlement of its batch. */
const JOIN_BATCHES = `
  update switch.projected_transaction t set batch = m.batch
    from switch.projected_batch_member m
    where m.transaction = t.transaction and t.batch is null and t.transaction = any ($1::uuid[])`;

export interface StepOptions {
  readonly cutOverHour: number;
  /** Of one epoch. */
  readonly maxEntries: number;
}

interface Epoch {
  readonly epoch: number;
  readonly sequence: number;
  readonly isOver: boolean;
}

/**
 * Projects the next entries of every epoch, in one database transaction: rows and cursors agree at any time.
 *
 * Within an epoch entries become visible in the order of their sequence, so a cursor passes none by. A transaction that
 * is touched is folded anew from all of its entries: projecting one twice, or out of order, makes no difference.
 *
 * @returns how many entries were read; 0 where nothing was left
 */
export async function projectStep(client: ClientBase, options: StepOptions): Promise<number> {
  await client.query('begin');
  try {
    const read = await step(client, options);
    await client.query('commit');
    return read;
  } catch (error) {
    await client.query('rollback').catch(() => {}); // the connection may be what failed
    throw error;
  }
}

async function step(client: ClientBase, { cutOverHour, maxEntries }: StepOptions): Promise<number> {
  // Whether a lease is over is asked first: what it wrote was committed before it ended.
  const { rows: epochs } = await client.query<Epoch>(EPOCHS);
  if (epochs.length === 0) return 0;
  const { rows: unread } = await client.query<{ epoch: number; sequence: number; transaction: string }>(
    UNREAD,
    [epochs.map(({ epoch }) => epoch), epochs.map(({ sequence }) => sequence), maxEntries],
  );
  const touched = [...new Set(unread.map(({ transaction }) => transaction))];
  if (touched.length > 0) await projectTransactions(client, touched, cutOverHour);
  const finished = await moveCursors(client, epochs, unread, maxEntries);
  return unread.length + finished;
}

/** @returns how many epochs were read to their end and are never looked at again */
async function moveCursors(
  client: ClientBase,
  epochs: readonly Epoch[],
  unread: readonly { epoch: number; sequence: number }[],
  maxEntries: number,
): Promise<number> {
  const moved = epochs.flatMap(({ epoch, sequence, isOver }) => {
    const read = unread.filter((entry) => entry.epoch === epoch);
    const isFinished = isOver && read.length < maxEntries;
    if (read.length === 0 && !isFinished) return [];
    return { epoch, sequence: Math.max(sequence, ...read.map((entry) => entry.sequence)), isFinished };
  });
  if (moved.length === 0) return 0;
  await client.query(MOVE_CURSORS, [
    moved.map(({ epoch }) => epoch),
    moved.map(({ sequence }) => sequence),
    moved.map(({ isFinished }) => isFinished),
  ]);
  return moved.filter(({ isFinished }) => isFinished).length;
}

async function projectTransactions(
  client: ClientBase,
  touched: readonly string[],
  cutOverHour: number,
): Promise<void> {
  const projected: ProjectedTransaction[] = [];
  const batches: ReturnType<typeof projectBatch>[] = [];
  for (const entries of await histories(client, touched)) {
    const transaction = projectTransaction(entries, cutOverHour);
    if (transaction) projected.push(transaction);
    else batches.push(...entries.map((entry) => projectBatch(entry, cutOverHour)));
  }
  const rows = projected.map(({ row }) => row);
  const refunds = projected.flatMap(({ row, refunds: reserved }) =>
    reserved.map(({ refund, minorUnits }) => ({ refund, original: row.transaction, amount: minorUnits })),
  );
  if (rows.length > 0) await client.query(UPSERT_TRANSACTIONS, [JSON.stringify(rows)]);
  if (refunds.length > 0) await client.query(INSERT_REFUNDS, [JSON.stringify(refunds)]);
  const touchedRefunds = [
    ...refunds.map(({ refund }) => refund),
    ...rows.filter(({ kind }) => kind === 'refund').map(({ transaction }) => transaction),
  ];
  if (touchedRefunds.length > 0) await client.query(SUM_REFUNDS, [touchedRefunds]);
  const members = await insertBatches(client, batches);
  await client.query(JOIN_BATCHES, [[...rows.map(({ transaction }) => transaction), ...members]]);
  const cases = [
    ...rows.flatMap(casesOfTransaction),
    ...batches.flatMap(({ batch }) => (batch ? caseOfBatch(batch) : [])),
  ];
  await openCases(client, cases, 'switch');
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

async function histories(client: ClientBase, transactions: readonly string[]): Promise<JournalEntry[][]> {
  const { rows } = await client.query<Omit<JournalEntry, 'node'>>(HISTORIES, [transactions]);
  const byTransaction = new Map<string, JournalEntry[]>();
  for (const row of rows) {
    const entries = byTransaction.get(row.transaction);
    const entry = { ...row, node: '' }; // nothing that is projected depends on which node wrote it
    if (entries) entries.push(entry);
    else byTransaction.set(row.transaction, [entry]);
  }
  return [...byTransaction.values()];
}
