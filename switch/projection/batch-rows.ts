import { isDeepStrictEqual } from 'node:util';
import type { JournalEntry } from '../journal/journal.ts';
import type { EntryBodies, EntryKind } from '../transaction/entries.ts';
import { dateOfEntry } from '../transaction/movements.ts';
import type { StoredTransaction } from './transaction-row.ts';

/** A terminal's settlement as a row of `switch.projected_batch`. */
export interface BatchRow {
  readonly batch: string;
  readonly listener: string;
  readonly terminal: string;
  readonly merchant: string;
  /** Null where the terminal is registered here. */
  readonly acquirer: string | null;
  readonly currency: string;
  readonly number: string;
  /** Null where the batch was left open. */
  readonly ordinal: number | null;
  readonly is_balanced: boolean;
  readonly terminal_totals: EntryBodies['batch-closed']['terminalTotals'];
  readonly switch_totals: EntryBodies['batch-closed']['switchTotals'];
  readonly differences: EntryBodies['batch-closed']['differences'];
  readonly business_date: string;
  readonly settled_at: string;
}

export interface UploadRow {
  readonly upload: string;
  readonly listener: string;
  readonly terminal: string;
  /** Null in what an earlier release wrote. */
  readonly merchant: string | null;
  readonly acquirer: string | null;
  readonly currency: string;
  readonly number: string;
  readonly original: string | null;
  readonly stan: string;
  readonly rrn: string | null;
  readonly amount: number;
  readonly uploaded_at: string;
}

/** What an entry tells of a terminal's batch, if anything. */
export interface BatchRows {
  readonly batch?: BatchRow;
  readonly members?: readonly string[];
  readonly upload?: UploadRow;
}

/** @param undatedHour the UTC hour at which a business day began when entries had no date */
export function projectBatch(entry: JournalEntry, undatedHour: number): BatchRows {
  const { transaction, kind, body, at } = entry;
  switch (kind as EntryKind) {
    case 'batch-compared':
      return { batch: batchRow(entry, undatedHour) };
    case 'batch-closed': {
      const { ordinal, members, differences } = body as EntryBodies['batch-closed'];
      const row = batchRow(entry, undatedHour);
      return {
        batch: { ...row, ordinal, differences },
        members: members.map(transactionOfMember),
      };
    }
    case 'uploaded': {
      const { listener, terminal, currency, number, original, stan, ...told } =
        body as EntryBodies['uploaded'];
      const { merchant = null, acquirer = null, rrn = null, minorUnits: amount } = told;
      const uploaded = { merchant, acquirer, rrn, amount, uploaded_at: new Date(at).toISOString() };
      return {
        upload: { upload: transaction, listener, terminal, currency, number, original, stan, ...uploaded },
      };
    }
    default:
      return {};
  }
}

/** A transaction's id in 22 characters, so that a full batch fits into one entry. */
export function memberOfTransaction(transaction: string): string {
  return Buffer.from(transaction.replaceAll('-', ''), 'hex').toString('base64url');
}

function transactionOfMember(member: string): string {
  const hex = Buffer.from(member, 'base64url').toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function batchRow(entry: JournalEntry, undatedHour: number): BatchRow {
  const body = entry.body as EntryBodies['batch-compared'];
  const { listener, terminal, merchant, currency, number, terminalTotals, switchTotals } = body;
  return {
    batch: entry.transaction,
    listener,
    terminal,
    merchant,
    acquirer: body.acquirer ?? null,
    currency,
    number,
    ordinal: null,
    is_balanced: isDeepStrictEqual(terminalTotals, switchTotals),
    terminal_totals: terminalTotals,
    switch_totals: switchTotals,
    differences: [],
    business_date: dateOfEntry(entry, undatedHour),
    settled_at: new Date(entry.at).toISOString(),
  };
}

/** Whether a payment counts for the batch that its terminal has open: some of several completions may be settled. */
export function isInOpenBatch({
  batch_side: side,
  batch,
  standing,
  settled,
  settled_in: before,
}: Pick<StoredTransaction, 'batch_side' | 'batch' | 'standing' | 'settled' | 'settled_in'>): boolean {
  return side !== null && (batch === null || (batch === before && standing > (settled ?? 0)));
}
