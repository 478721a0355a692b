import { Pool, type PoolClient } from 'pg';
import type { Clock, Log, Monotonic } from '../../runtime/index.ts';
import { SWITCH_ROLE, switchConnection } from '../database/connection.ts';
import type { BatchRow, UploadRow } from './batch-rows.ts';
import { type Reached, ReachWatch } from './reach-watch.ts';
import type { StoredTransaction } from './transaction-row.ts';

export interface ProjectionReaderSettings {
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What a statement may take, in milliseconds. */
  readonly readDeadlineMs: number;
  /** Whose rights it has; those of the switch where absent. */
  readonly role?: string;
}

/** A terminal's batch that is open, as of a sequence of every epoch. */
export interface OpenBatch {
  /** What it counts, oldest first. */
  readonly members: readonly StoredTransaction[];
  /** The batch that was closed last. */
  readonly last: BatchRow | undefined;
  /** What the terminal uploaded under this number since then. */
  readonly uploads: readonly (UploadRow & { readonly known: StoredTransaction | null })[];
  readonly countedTo: Reached;
}

export interface BatchName {
  /** All lines on which this terminal may call. */
  readonly listeners: readonly string[];
  readonly merchant: string;
  readonly terminal: string;
  /** Who answers for it; absent where it is registered here. */
  readonly acquirer?: string;
  readonly currency: string;
  /** DE60. */
  readonly number: string;
}

/** Which payments are looked for, where no number names one. */
export interface PaymentSearch {
  /** Absent: of any, by its reference or its STAN. */
  readonly merchant?: string;
  readonly terminal?: string;
  readonly approvalCode?: string;
  /** With a merchant and an approval code: only pre-authorisations. */
  readonly isHold?: true;
  /** With merchant, terminal and approval code: only what is in its open batch, on these lines. */
  readonly openOn?: readonly string[];
  readonly rrn?: string;
  readonly stan?: string;
  /** Wall clock, milliseconds. */
  readonly since: number;
}

const READ_CONNECTIONS = 2;

/**
 * One statement, so one snapshot: the rows count exactly what the cursors have passed. What has no merchant or acquirer
 * is of before there was one.
 */
const OPEN_BATCH = `
  with last as (
    select b.* from switch.projected_batch b
      where b.listener = any ($1) and b.merchant = $6 and b.terminal = $2 and b.currency = $3 and b.ordinal is not null
        and ($7::text is null or b.acquirer is null or b.acquirer = $7)
      order by b.ordinal desc limit 1
  )
  select
    (select row_to_json(last) from last) as last,
    (select coalesce(json_agg(m), '[]') from (
      select * from (
        select t.* from switch.projected_transaction t
          where t.listener = any ($1) and t.terminal = $2 and t.currency = $3 and t.batch_side is not null and t.batch is null
        union all
        select t.* from switch.projected_transaction t
          where t.listener = any ($1) and t.terminal = $2 and t.currency = $3 and t.batch_side is not null
            and t.settled_in is not null and t.batch = t.settled_in and t.standing > t.settled
      ) t
        where t.merchant = $6 and ($7::text is null or t.acquirer is null or t.acquirer = $7)
        order by t.opened_at, t.transaction limit $5
    ) m) as members,
    (select coalesce(json_agg(u), '[]') from (
      select u.*, (select row_to_json(t) from switch.projected_transaction t where t.transaction = u.original) as known
        from switch.projected_upload u
        where u.listener = any ($1) and u.terminal = $2 and u.currency = $3 and u.number = $4
          and (u.merchant is null or u.merchant = $6) and ($7::text is null or u.acquirer is null or u.acquirer = $7)
          and u.uploaded_at > coalesce((select settled_at from last), '-infinity')
        order by u.uploaded_at, u.upload limit $5
    ) u) as uploads,
    (select coalesce(json_object_agg(c.epoch, c.sequence), '{}') from switch.projection_cursor c where not c.is_finished)
      as "countedTo"`;

const PAYMENTS_OF = `
  select transaction from switch.projected_transaction
    where business_date >= ($1::timestamptz at time zone 'UTC')::date - 1 and opened_at >= $1 and merchant = $2
      and ($3::text is null or terminal = $3) and ($4::text is null or approval_code = $4)
      and ($6::text is null or stan = $6)
    order by opened_at desc limit $5`;
/** An index leads to those of an approval code: holds are looked for among those of a month. */
const HOLDS_OF = `
  select transaction from switch.projected_transaction
    where business_date >= ($1::timestamptz at time zone 'UTC')::date - 1 and opened_at >= $1 and merchant = $2
      and approval_code = $3 and kind = 'pre-authorisation'
    order by opened_at desc limit $4`;
/** An index leads to what is in the open batch of a terminal. */
const OPEN_OF = `
  select transaction from switch.projected_transaction
    where business_date >= ($1::timestamptz at time zone 'UTC')::date - 1 and opened_at >= $1
      and listener = any ($2) and terminal = $3 and batch_side is not null and batch is null
      and merchant = $4 and approval_code = $5
    order by opened_at desc limit $6`;
/** An index leads to those of a reference. */
const PAYMENTS_NAMED = `
  select transaction from switch.projected_transaction
    where business_date >= ($1::timestamptz at time zone 'UTC')::date - 1 and opened_at >= $1 and rrn = $2
    order by opened_at desc limit $3`;
const PAYMENTS_NUMBERED = PAYMENTS_NAMED.replace('rrn = $2', 'stan = $2');

/** Reads the projection, and knows what it takes into account. */
export class ProjectionReader {
  readonly #pool: Pool;
  readonly #watch: ReachWatch;

  constructor({ databaseUrl, clock, log, readDeadlineMs, role = SWITCH_ROLE }: ProjectionReaderSettings) {
    const settings = switchConnection(databaseUrl, 'etika-projection-reader', readDeadlineMs, role);
    this.#pool = new Pool({ ...settings, max: READ_CONNECTIONS, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'projection.reader', err: error }));
    this.#watch = new ReachWatch(this.#pool, clock);
  }

  /**
   * Waits until everything that was committed before the call is projected.
   * @returns whether it was, before the deadline
   */
  reach(deadline: Monotonic): Promise<boolean> {
    return this.#watch.reach(deadline);
  }

  /** @param limit members and uploads that are read at most */
  async openBatch(name: BatchName, limit: number): Promise<OpenBatch> {
    const { listeners, merchant, terminal, currency, number, acquirer = null } = name;
    const { rows } = await this.#pool.query<Omit<OpenBatch, 'last'> & { last: BatchRow | null }>({
      name: 'open-batch',
      text: OPEN_BATCH,
      values: [listeners, terminal, currency, number, limit, merchant, acquirer],
    });
    const [found] = rows;
    if (!found) throw new Error('a statement without a from clause gave no row');
    return { ...found, last: found.last ?? undefined };
  }

  /** Transactions, the newest first. What was opened a moment ago need not be among them. */
  async paymentsOf(search: PaymentSearch, limit: number): Promise<string[]> {
    const { rows } = await this.#pool.query<{ transaction: string }>(searchQuery(search, limit));
    return rows.map(({ transaction }) => transaction);
  }

  /** For those who read more: rows are wanted as JSON, amounts as numbers and dates as text. */
  connect(): Promise<PoolClient> {
    return this.#pool.connect();
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

function searchQuery(search: PaymentSearch, limit: number) {
  const { merchant, terminal, approvalCode, isHold, openOn, rrn, stan } = search;
  const since = new Date(search.since).toISOString();
  if (merchant !== undefined && approvalCode !== undefined && openOn) {
    const values = [since, openOn, terminal ?? '', merchant, approvalCode, limit];
    return { name: 'open-of', text: OPEN_OF, values };
  }
  if (merchant !== undefined && approvalCode !== undefined && isHold) {
    return { name: 'holds-of', text: HOLDS_OF, values: [since, merchant, approvalCode, limit] };
  }
  if (merchant !== undefined) {
    const values = [since, merchant, terminal ?? null, approvalCode ?? null, limit, stan ?? null];
    return { name: 'payments-of', text: PAYMENTS_OF, values };
  }
  return rrn === undefined
    ? { name: 'payments-numbered', text: PAYMENTS_NUMBERED, values: [since, stan ?? '', limit] }
    : { name: 'payments-named', text: PAYMENTS_NAMED, values: [since, rrn, limit] };
}
