import type { ClientBase } from 'pg';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import { ReconError } from './errors.ts';

const PAGE = 10_000;
const MAX_ROWS = 2_000_000;

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
      : transactionRows(
          client,
          `t.business_date = $2 and t.transaction > $1 order by t.transaction limit ${PAGE}`,
          [after, date],
        ));
    rows.push(...page);
    if (rows.length > MAX_ROWS) throw new ReconError('SW_RECON_TOO_LARGE', { limit: MAX_ROWS });
    if (page.length < PAGE) return rows;
    after = page.at(-1)?.transaction ?? after;
  }
}

export function transactionsByRrn(client: ClientBase, rrns: readonly string[]): Promise<StoredTransaction[]> {
  return transactionRows(client, 't.rrn = any ($1::text[])', [rrns]);
}

export function transactionsById(client: ClientBase, ids: readonly string[]): Promise<StoredTransaction[]> {
  return transactionRows(client, 't.transaction = any ($1::uuid[])', [ids]);
}

async function transactionRows(
  client: ClientBase,
  where: string,
  values: readonly unknown[],
): Promise<StoredTransaction[]> {
  const { rows } = await client.query<{ row: StoredTransaction }>(
    `select row_to_json(t) as row from switch.projected_transaction t where ${where}`,
    [...values],
  );
  return rows.map(({ row }) => row);
}

/** With what the projection makes business dates. */
export async function cutOverHour(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ cut_over_hour: number }>(
    'select cut_over_hour from switch.projection_setting',
  );
  return rows[0]?.cut_over_hour ?? 0;
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
