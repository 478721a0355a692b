import type { ClientBase } from 'pg';
import type { OpenHold } from '../transaction/hold.ts';

/**
 * Pre-authorisations that are not over, as rows of `switch.open_hold`: filled and emptied in the same commit as the
 * rows of the projection, as `awaited-rows.ts` does, so that a projection that is made again has them too.
 */
const PUT = `
  insert into switch.open_hold as h (transaction, until, due_at)
    select p.transaction, to_timestamp(p.until / 1000), to_timestamp(p.due_at / 1000)
      from unnest($1::uuid[], $2::double precision[], $3::double precision[]) as p (transaction, until, due_at)
    on conflict (transaction) do update set
      until = excluded.until,
      due_at = excluded.due_at,
      claimed_until = case when h.due_at = excluded.due_at then h.claimed_until else '-infinity' end`;
const REMOVE = 'delete from switch.open_hold where transaction = any ($1::uuid[])';

export async function putHolds(client: ClientBase, holds: readonly OpenHold[]): Promise<void> {
  if (holds.length === 0) return;
  await client.query({
    name: 'put-holds',
    text: PUT,
    values: [
      holds.map(({ transaction }) => transaction),
      holds.map(({ until }) => until),
      holds.map(({ dueAt }) => dueAt),
    ],
  });
}

export async function removeHolds(client: ClientBase, transactions: readonly string[]): Promise<void> {
  if (transactions.length === 0) return;
  await client.query({ name: 'remove-holds', text: REMOVE, values: [transactions] });
}
