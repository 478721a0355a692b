import type { ClientBase } from 'pg';
import type { Account } from '../transaction/movements.ts';
import type { ProjectedTransaction } from './transaction-row.ts';

/** What was moved after a transaction was approved, as a row of `switch.projected_movement`. */
export interface MovementRow {
  readonly transaction: string;
  readonly version: number;
  readonly account: Account;
  readonly kind: string;
  /** Signed, in minor units. */
  readonly amount: number;
  readonly business_date: string;
  readonly moved_at: string;
}

/** A movement is what its entry says, for ever: one that is there is right. */
const INSERT = `
  insert into switch.projected_movement
    select * from json_populate_recordset(null::switch.projected_movement, $1)
    on conflict (transaction, version, account) do nothing`;

/** Most transactions have none: nothing is asked then. */
export async function insertMovements(
  client: ClientBase,
  projected: readonly ProjectedTransaction[],
): Promise<void> {
  const rows = projected.flatMap(({ row, movements }) =>
    movements.map(({ version, account, kind, minorUnits, businessDate, at }): MovementRow => {
      const names = { transaction: row.transaction, version, account, kind };
      return {
        ...names,
        amount: minorUnits,
        business_date: businessDate,
        moved_at: new Date(at).toISOString(),
      };
    }),
  );
  if (rows.length > 0) await client.query(INSERT, [JSON.stringify(rows)]);
}
