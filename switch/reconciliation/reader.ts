import type { ClientBase } from 'pg';
import type { MovementRow } from '../projection/movement-rows.ts';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import { ReconError } from './errors.ts';

const PAGE = 10_000;
const MAX_ROWS = 2_000_000;

/** Opened on the date, or opened before and moved on it. */
const OF_DATE = `
  select row_to_json(t) as row from (
    (select t.* from switch.projected_transaction t
      where t.business_date = $2 and t.transaction > $1 order by t.transaction limit ${PAGE})
    union all
    (select t.* from switch.projected_transaction t
      where t.business_date <> $2 and t.transaction in (
        select m.transaction from switch.projected_movement m where m.business_date = $2 and m.transaction > $1)
      order by t.transaction limit ${PAGE})
  ) t order by t.transaction limit ${PAGE}`;
const MOVEMENTS = `
  select row_to_json(m) as row from switch.projected_movement m
    where m.transaction = any ($1::uuid[]) and m.business_date >= $2 order by m.transaction, m.version, m.account`;

/** The journal's transactions of a business date, or all of them. @throws ReconError SW_RECON_TOO_LARGE */
export async function transactionsOfDate(
  client: ClientBase,
  date: string | null,
): Promise<StoredTransaction[]> {
  const rows: StoredTransaction[] = [];
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const page = await (date === null
      ? transactionRows(client, `t.transaction > $1 order by t.transaction limit ${PAGE}`, [after])
      : jsonRows<StoredTransaction>(client, OF_DATE, [after, date]));
    rows.push(...page);
    if (rows.length > MAX_ROWS) throw new ReconError('SW_RECON_TOO_LARGE', { limit: MAX_ROWS });
    if (page.length < PAGE) return rows;
    after = page.at(-1)?.transaction ?? after;
  }
}

/** By the reference of the terminal, or of the network. */
export function transactionsByRrn(client: ClientBase, rrns: readonly string[]): Promise<StoredTransaction[]> {
  return transactionRows(client, 't.rrn = any ($1::text[]) or t.network_rrn = any ($1::text[])', [rrns]);
}

export function transactionsById(client: ClientBase, ids: readonly string[]): Promise<StoredTransaction[]> {
  return transactionRows(client, 't.transaction = any ($1::uuid[])', [ids]);
}

/** What was moved of these on a date and later, the oldest first. */
export async function movementsFrom(
  client: ClientBase,
  date: string | null,
  rows: readonly StoredTransaction[],
): Promise<ReadonlyMap<string, readonly MovementRow[]>> {
  const movements = new Map<string, MovementRow[]>();
  if (date === null) return movements;
  for (let from = 0; from < rows.length; from += PAGE) {
    const ids = rows.slice(from, from + PAGE).map(({ transaction }) => transaction);
    for (const movement of await jsonRows<MovementRow>(client, MOVEMENTS, [ids, date])) {
      const known = movements.get(movement.transaction);
      if (known) known.push(movement);
      else movements.set(movement.transaction, [movement]);
    }
  }
  return movements;
}

function transactionRows(
  client: ClientBase,
  where: string,
  values: readonly unknown[],
): Promise<StoredTransaction[]> {
  const text = `select row_to_json(t) as row from switch.projected_transaction t where ${where}`;
  return jsonRows(client, text, values);
}

async function jsonRows<Row>(client: ClientBase, text: string, values: readonly unknown[]): Promise<Row[]> {
  const { rows } = await client.query<{ row: Row }>(text, [...values]);
  return rows.map(({ row }) => row);
}

export interface BatchTally {
  readonly closed: number;
  readonly outOfBalance: number;
}

/** Terminals' batches that were closed on a business date. */
export async function batchesOfDate(client: ClientBase, date: string | null): Promise<BatchTally> {
  const { rows } = await client.query<BatchTally>(
    `select count(*)::integer as closed, (count(*) filter (where not is_balanced))::integer as "outOfBalance"
      from switch.projected_batch where ordinal is not null and ($1::date is null or business_date = $1)`,
    [date],
  );
  return rows[0] ?? { closed: 0, outOfBalance: 0 };
}
