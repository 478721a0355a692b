import type { Client } from 'pg';
import { bodyOf } from '../../../switch/journal/body-form.ts';
import type { JournalEntry } from '../../../switch/journal/journal.ts';
import { foldTransaction, type Transaction } from '../../../switch/transaction/fold.ts';

/**
 * What the journal and the projection say of one case. Transactions are told by their ids, which sort by the time they
 * were made: a case's are those from its first moment on. All of this bench's SQL about the switch's tables is here.
 */

const PAGE = 2_000;

const HISTORIES = `
  select transaction, version, kind, body, (extract(epoch from at) * 1000)::double precision as at,
      epoch::double precision as epoch
    from switch.journal
    where transaction in (
      select distinct transaction from switch.journal where transaction > $1 order by transaction limit ${PAGE}
    )
    order by transaction, version`;
/** A second look at what came behind a reversal is not due for minutes: nobody waits for it. */
export const JOBS_AT_WORK = `graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
    where not (t.identifier like 'look-again@%' and j.run_at > now())`;
const QUEUED = `select count(*)::integer as count from ${JOBS_AT_WORK}`;
/** What is no payment, a reversal that was remembered or an advice that was kept, has no leg, and waits for nothing. */
export const OPEN_PAYMENTS = `switch.projected_transaction
    where transaction > $1 and kind not in ('reversal', 'advice')
      and (pop_state in ('planned', 'accepted', 'unknown')
        or network_state in ('planned', 'to-advise', 'unknown') or state in ('intended', 'open'))`;
const OPEN = `select count(*)::integer as count from ${OPEN_PAYMENTS}`;
/**
 * Counted one by one, and not as a difference of two counts: what begins with another entry has a row as well, and one
 * remembered reversal made the difference minus one for ever.
 */
const BEHIND = `
  select count(*)::integer as count from switch.journal j
    where j.transaction > $1 and j.version = 1 and j.kind = 'intended'
      and not exists (select from switch.projected_transaction p where p.transaction = j.transaction)`;

/** What is not done yet of the follow-ups of a case; nothing anywhere where all is. */
export interface LeftToDo {
  /** Jobs in the queue, of whatever case. */
  readonly queued: number;
  /** Payments with a leg that is not final in the projection. */
  readonly open: number;
  /** Payments that the projection does not know. */
  readonly unprojected: number;
}

export async function leftToDo(client: Client, since: string): Promise<LeftToDo> {
  return {
    queued: await count(client, QUEUED),
    open: await count(client, OPEN, since),
    unprojected: await count(client, BEHIND, since),
  };
}

/**
 * Whether every follow-up of the case is done: the queue empty, every leg final in the projection, none missing. What
 * costs more is asked only where what costs less says so.
 */
export async function isDrained(client: Client, since: string): Promise<boolean> {
  if ((await count(client, QUEUED)) > 0) return false;
  if ((await count(client, OPEN, since)) > 0) return false;
  return (await count(client, BEHIND, since)) === 0;
}

async function count(client: Client, text: string, ...values: string[]): Promise<number> {
  return (await client.query<{ count: number }>(text, values)).rows[0]?.count ?? 0;
}

/** Every transaction of the case, as its entries tell it. */
export async function* transactionsSince(client: Client, since: string): AsyncGenerator<Transaction> {
  for (let after = since; ; ) {
    const { rows } = await client.query<JournalEntry>(HISTORIES, [after]);
    if (rows.length === 0) return;
    const read = rows.map((row) => ({ ...row, body: bodyOf(row.kind, row.body, row.transaction) }));
    for (const entries of Map.groupBy(read, ({ transaction }) => transaction).values()) {
      const folded = foldTransaction(entries);
      if (folded) yield folded;
      after = entries[0]?.transaction ?? after;
    }
  }
}
