/**
 * Finds payments by what a caller has at hand: a retrieval reference, a STAN, a terminal, the last four digits of a
 * card, an amount, a time. It reads the projection, which follows the journal by a moment. A reference is looked up
 * however old it is; anything else within a span of days that has a limit, so that no question reads all that ever
 * was.
 */
import { Pool } from 'pg';
import { type Clock, DAY_MS, type Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { ReachWatch } from './reach-watch.ts';

export interface TransactionSearch {
  /** The terminal's DE37, or that towards the network. */
  readonly rrn?: string | undefined;
  readonly stan?: string | undefined;
  readonly terminal?: string | undefined;
  readonly merchant?: string | undefined;
  readonly last4?: string | undefined;
  /** Minor units, as it was asked for or as it was approved. */
  readonly amount?: number | undefined;
  readonly currency?: string | undefined;
  /** Wall clock, milliseconds. */
  readonly since: number;
  readonly until: number;
  readonly limit: number;
}

export interface FoundTransaction {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly state: string;
  readonly terminal: string;
  readonly merchant: string;
  readonly stan: string;
  readonly rrn: string;
  readonly networkRrn: string;
  readonly maskedPan: string;
  readonly network: string;
  readonly networkState: string;
  readonly popState: string;
  readonly currency: string;
  readonly asked: number;
  readonly approved: number;
  readonly standing: number;
  readonly code: string | null;
  readonly approvalCode: string | null;
  readonly cases: string[];
}

export const LONGEST_SEARCH_MS = 31 * DAY_MS;
export const MAX_FOUND = 200;
const STATEMENT_MS = 5_000;

const COLUMNS = `transaction as id, to_char(opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, kind, state,
  terminal, merchant, stan, rrn, network_rrn as "networkRrn", masked_pan as "maskedPan", network,
  network_state as "networkState", pop_state as "popState", currency, asked::double precision as asked,
  approved::double precision as approved, standing::double precision as standing, response_code as code,
  approval_code as "approvalCode", cases`;

const FITS = `($1::text is null or stan = $1) and ($2::text is null or terminal = $2)
  and ($3::text is null or merchant = $3) and ($4::text is null or right(masked_pan, 4) = $4)
  and ($5::bigint is null or asked = $5 or approved = $5) and ($6::text is null or currency = $6)`;

/** By reference: two indexes, and no span of days. */
const BY_REFERENCE = `select ${COLUMNS} from switch.projected_transaction
  where transaction in (
      select transaction from switch.projected_transaction where rrn = $7
      union select transaction from switch.projected_transaction where network_rrn = $7
    ) and ${FITS}
  order by opened_at desc limit $8`;

/** A business day begins where its calendar says: a day more at either end has them all. */
const BY_TIME = `select ${COLUMNS} from switch.projected_transaction
  where business_date between ($7::timestamptz at time zone 'UTC')::date - 1 and ($8::timestamptz at time zone 'UTC')::date + 1
    and opened_at between $7 and $8 and ${FITS}
  order by opened_at desc limit $9`;

export class TransactionFinder {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-find', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 2, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'find.connection', err: error }));
  }

  /** The latest first. */
  async find(search: TransactionSearch): Promise<FoundTransaction[]> {
    const { rrn, stan, terminal, merchant, last4, amount, currency, since, until } = search;
    const fits = [stan, terminal, merchant, last4, amount, currency].map((value) => value ?? null);
    const limit = Math.min(search.limit, MAX_FOUND);
    const span = [new Date(since).toISOString(), new Date(until).toISOString()];
    const found =
      rrn === undefined
        ? await this.#pool.query<FoundTransaction>(BY_TIME, [...fits, ...span, limit])
        : await this.#pool.query<FoundTransaction>(BY_REFERENCE, [...fits, rrn, limit]);
    return found.rows;
  }

  /** Waits until what was committed is projected, so long at most. @returns whether it is */
  catchUp(clock: Clock, withinMs: number): Promise<boolean> {
    return new ReachWatch(this.#pool, clock).reach(clock.monotonic() + withinMs);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
