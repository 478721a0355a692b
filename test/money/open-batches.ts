import { bodyOf } from '../../switch/journal/body-form.ts';
import type { JournalEntry } from '../../switch/journal/journal.ts';
import { isInOpenBatch, projectBatch } from '../../switch/projection/batch-rows.ts';
import type { BatchName, OpenBatch } from '../../switch/projection/projection-reader.ts';
import { projectTransaction, type StoredTransaction } from '../../switch/projection/transaction-row.ts';
import type { TestCore } from '../support/core.ts';

/** The batches of a core without a database: what the projection would say of its journal. */
export function batchesOf({ journal }: Pick<TestCore, 'journal'>) {
  const openBatch = async (name: BatchName) => openBatchIn(journal.entries, name);
  return { batches: { reach: async () => true, openBatch } };
}

function openBatchIn(entries: readonly JournalEntry[], name: BatchName): OpenBatch {
  const isOurs = (row: { merchant: string | null; acquirer: string | null; terminal: string }) =>
    row.terminal === name.terminal &&
    (row.merchant ?? name.merchant) === name.merchant &&
    (row.acquirer === null || (name.acquirer ?? row.acquirer) === row.acquirer);
  const settled = entries.map((entry) => projectBatch({ ...entry, body: storedBody(entry) }, 0));
  const closed = settled.flatMap(({ batch }) =>
    batch && batch.ordinal !== null && isOurs(batch) ? [batch] : [],
  );
  const batchOf = new Map(
    settled.flatMap(({ batch, members = [] }) => members.map((each) => [each, batch?.batch ?? ''])),
  );
  const rows = rowsOf(entries).map((row) => ({ ...row, batch: batchOf.get(row.transaction) ?? null }));
  const uploads = settled.flatMap(({ upload }) =>
    upload && isOurs(upload) && upload.number === name.number
      ? [{ ...upload, known: rows.find(({ transaction }) => transaction === upload.original) ?? null }]
      : [],
  );
  return {
    last: closed.at(-1),
    members: rows.filter((row) => isOurs(row) && isInOpenBatch(row)),
    uploads,
    countedTo: { 1: entries.length },
  };
}

function storedBody({ kind, body, transaction }: JournalEntry): unknown {
  return bodyOf(kind, JSON.parse(JSON.stringify(body)), transaction);
}

function rowsOf(entries: readonly JournalEntry[]): StoredTransaction[] {
  return [...new Set(entries.map(({ transaction }) => transaction))].flatMap((id) => {
    const row = projectTransaction(
      entries.filter(({ transaction }) => transaction === id),
      0,
    )?.row;
    return row ? [{ ...row, refunded: 0, batch: null }] : [];
  });
}
