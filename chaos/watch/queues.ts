import type { Client } from 'pg';
import { JOBS_AT_WORK } from '../../bench/end-to-end/books/journal-book.ts';

/** Proofs are asked for every few seconds; one that is overdue for longer waits for somebody. */
const WAITING = `
  select (select count(*) from ${JOBS_AT_WORK})::integer as jobs,
    (select count(*) from switch.awaited_proof where due_at < now() - interval '5 seconds')::integer as proofs`;

/** What waits in the queues; nothing where they are empty. */
export async function waitingIn(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ jobs: number; proofs: number }>(WAITING);
  const { jobs = 0, proofs = 0 } = rows[0] ?? {};
  const told = [
    ...(jobs > 0 ? [`${jobs} follow-ups`] : []),
    ...(proofs > 0 ? [`${proofs} overdue proofs`] : []),
  ];
  return told.length > 0 ? told.join(' and ') : undefined;
}
