import type { Client } from 'pg';
import { JOBS_AT_WORK } from '../../bench/end-to-end/books/journal-book.ts';

/** Proofs are asked for every few seconds; one that is overdue for longer waits for somebody. */
const PROOFS = `
  select count(*)::integer as proofs from switch.awaited_proof where due_at < now() - interval '5 seconds'`;

/** Each kind of work, how often it was tried, and when the first of it is tried again. */
const FOLLOW_UPS = `
  select t.identifier as task, count(*)::integer as jobs, max(j.attempts)::integer as attempts,
    to_char(min(j.run_at), 'HH24:MI:SS') as due_at
  from ${JOBS_AT_WORK} group by t.identifier order by t.identifier`;

interface Waiting {
  readonly task: string;
  readonly jobs: number;
  readonly attempts: number;
  readonly due_at: string;
}

/** What waits in the queues; nothing where they are empty. */
export async function waitingIn(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<Waiting>(FOLLOW_UPS);
  const [overdue] = (await client.query<{ proofs: number }>(PROOFS)).rows;
  const { proofs = 0 } = overdue ?? {};
  const told = [
    ...rows.map(({ task, jobs, attempts, due_at }) => `${jobs} ${task} (tried ${attempts}, due ${due_at})`),
    ...(proofs > 0 ? [`${proofs} overdue proofs`] : []),
  ];
  return told.length > 0 ? told.join(' and ') : undefined;
}
