/**
 * Writes rows of `switch.projected_transaction` in sets: one text of lines, as the journal's flush has it (migration
 * 11). To read them as JSON and by the names of their columns took PostgreSQL a third longer.
 */
import type { ClientBase } from 'pg';
import { FIELD, LINE } from '../database/lines.ts';
import type { TransactionRow } from './transaction-row.ts';

/** Columns that a row's own entries decide, and their types; the others are about other transactions. */
const COLUMNS: Readonly<Record<keyof TransactionRow, string>> = {
  transaction: 'uuid',
  version: 'integer',
  kind: 'text',
  state: 'text',
  listener: 'text',
  terminal: 'text',
  merchant: 'text',
  acquirer: 'text',
  stan: 'text',
  rrn: 'text',
  network_rrn: 'text',
  transmitted_at: 'text',
  masked_pan: 'text',
  card_reference: 'text',
  network: 'text',
  network_state: 'text',
  pop_state: 'text',
  is_enrolled: 'boolean',
  currency: 'text',
  asked: 'bigint',
  cash: 'bigint',
  approved: 'bigint',
  captured: 'bigint',
  standing: 'bigint',
  network_amount: 'bigint',
  pop_amount: 'bigint',
  response_code: 'text',
  approval_code: 'text',
  business_date: 'date',
  opened_at: 'timestamptz',
  decided_at: 'timestamptz',
  cases: 'text[]',
  batch_side: 'text',
  settled: 'bigint',
  settled_in: 'uuid',
};
const NAMES = Object.keys(COLUMNS) as (keyof TransactionRow)[];
const UPSERT = `
  insert into switch.projected_transaction as t (${NAMES.join(', ')})
    select ${NAMES.map((name, index) => `f[${index + 1}]::${COLUMNS[name]}`).join(', ')}
    from (select string_to_array(l, E'\\x1f', E'\\x1d') as f from string_to_table($1, E'\\x1e') l offset 0) r
    on conflict (transaction) do update set ${NAMES.slice(1)
      .map((name) => `${name} = excluded.${name}`)
      .join(', ')}
    where excluded.version >= t.version
    returning transaction`;

const NULL = '\u001d';
/** Control characters: three keep lines and fields apart, one no text can hold, and no field of a message has any. */
const UNFIT = /\p{Cc}/gu;

/** @returns the transactions whose rows are of the version given */
export async function upsertTransactions(
  client: ClientBase,
  rows: readonly TransactionRow[],
): Promise<ReadonlySet<string>> {
  if (rows.length === 0) return new Set();
  const lines = rows.map((row) => NAMES.map((name) => fieldOf(row[name])).join(FIELD));
  const { rows: written } = await client.query<{ transaction: string }>({
    name: 'upsert-transactions',
    text: UPSERT,
    values: [lines.join(LINE)],
  });
  return new Set(written.map(({ transaction }) => transaction));
}

function fieldOf(value: TransactionRow[keyof TransactionRow]): string {
  if (value === null) return NULL;
  if (typeof value === 'string') return value.replace(UNFIT, '?');
  if (typeof value === 'object') return `{${value.map((each) => JSON.stringify(each)).join(',')}}`;
  return String(value);
}
