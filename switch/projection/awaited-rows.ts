import type { ClientBase } from 'pg';
import type { AwaitedProof } from '../transaction/awaited-proof.ts';
import type { RecentHistories } from './recent-histories.ts';
import type { UnreadEntry } from './unread-entries.ts';

/**
 * What the sweeper waits for, as rows of `switch.awaited_proof`: filled and emptied in the same commit as the rows of
 * the projection, so that a projection that is made again has them too. Only what was projected last is taken: a fold
 * of entries that another epoch has gone beyond would bring a row back that is over. When it is due is
 * held to the database's clock: by that of a node that is a day ahead nobody would ask for a day, and one that is a day
 * behind would make work look a day old.
 */
const PUT = `
  insert into switch.awaited_proof as a (transaction, validation, version, accepted_version, accepted_at, due_at)
    select p.transaction, p.validation, p.version, p.accepted_version, to_timestamp(p.accepted_at / 1000),
        least(
          greatest(to_timestamp((p.accepted_at + $6) / 1000), now() - interval '30 seconds'),
          now() + $6 * interval '1 millisecond'
        )
      from unnest($1::uuid[], $2::text[], $3::integer[], $4::integer[], $5::double precision[])
        as p (transaction, validation, version, accepted_version, accepted_at)
    on conflict (transaction) do update set
      validation = excluded.validation,
      version = excluded.version,
      accepted_version = excluded.accepted_version,
      accepted_at = excluded.accepted_at,
      due_at = case when a.accepted_version = excluded.accepted_version then a.due_at else excluded.due_at end,
      attempt = case when a.accepted_version = excluded.accepted_version then a.attempt else 0 end,
      is_handed_over = a.is_handed_over and a.accepted_version = excluded.accepted_version`;
const REMOVE = 'delete from switch.awaited_proof where transaction = any ($1::uuid[])';

/** The usual end of a purchase: its proof is final, and nothing else of its row changes. */
const VALIDATE = `
  update switch.projected_transaction t set version = e.version, pop_state = 'validated'
    from unnest($1::uuid[], $2::integer[]) as e (transaction, version)
    where t.transaction = e.transaction and t.version = e.version - 1
    returning t.transaction`;

/** @param finalityMs after how long a proof that was accepted is looked at for the first time */
export async function putAwaited(
  client: ClientBase,
  proofs: readonly AwaitedProof[],
  finalityMs: number,
): Promise<void> {
  if (proofs.length === 0) return;
  await client.query({
    name: 'put-awaited',
    text: PUT,
    values: [
      proofs.map(({ transaction }) => transaction),
      proofs.map(({ validation }) => validation),
      proofs.map(({ version }) => version),
      proofs.map(({ acceptedVersion }) => acceptedVersion),
      proofs.map(({ acceptedAt }) => acceptedAt),
      finalityMs,
    ],
  });
}

export async function removeAwaited(client: ClientBase, transactions: readonly string[]): Promise<void> {
  if (transactions.length === 0) return;
  await client.query({ name: 'remove-awaited', text: REMOVE, values: [transactions] });
}

/**
 * Projects entries that say that a proof is final, each the only one of its transaction, upon the rows as they were
 * made of the entries before. No history is read for them.
 * @returns the entries that are still to be projected
 */
export async function projectValidated(
  client: ClientBase,
  entries: readonly UnreadEntry[],
  recent: RecentHistories,
): Promise<readonly UnreadEntry[]> {
  const ofTransaction = new Map<string, number>();
  for (const { transaction } of entries) {
    ofTransaction.set(transaction, (ofTransaction.get(transaction) ?? 0) + 1);
  }
  const final = entries.filter(
    ({ kind, transaction, unread }) =>
      kind === 'pop-validated' && !unread && ofTransaction.get(transaction) === 1,
  );
  if (final.length === 0) return entries;
  const { rows } = await client.query<{ transaction: string }>({
    name: 'project-validated',
    text: VALIDATE,
    values: [final.map(({ transaction }) => transaction), final.map(({ version }) => version)],
  });
  const projected = new Set(rows.map(({ transaction }) => transaction));
  await removeAwaited(client, [...projected]);
  recent.forget(projected);
  return entries.filter(({ transaction }) => !projected.has(transaction));
}
