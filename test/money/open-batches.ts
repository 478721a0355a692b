import type { JournalEntry } from '../../switch/journal/journal.ts';
import { type BatchRow, projectBatch } from '../../switch/projection/batch-rows.ts';
import type { BatchName, OpenBatch } from '../../switch/projection/projection-reader.ts';
import { projectTransaction, type StoredTransaction } from '../../switch/projection/transaction-row.ts';
import type { TestCore } from '../support/core.ts';

/** The batches of a core without a database: what the projection would say of its journal. */
export function batchesOf({ journal }: TestCore) {
  const openBatch = async ({ terminal }: BatchName) => openBatchIn(journal.entries, terminal);
  return { batches: { reach: async () => true, openBatch } };
}

function openBatchIn(entries: readonly JournalEntry[], terminal: string): OpenBatch {
  const settled = entries.map((entry) => projectBatch(entry, 0));
  const closed = settled.flatMap(({ batch }): BatchRow[] => (batch && batch.ordinal !== null ? [batch] : []));
  const inBatches = new Set(settled.flatMap(({ members = [] }) => members));
  return {
    last: closed.filter((batch) => batch.terminal === terminal).at(-1),
    members: rowsOf(entries).filter(
      (row) => row.terminal === terminal && row.batch_side !== null && !inBatches.has(row.transaction),
    ),
    uploads: [],
    countedTo: { 1: entries.length },
  };
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
