import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import type { OpenHold } from '../transaction/hold.ts';

/**
 * What the projection says of holds that are not over. Each method is one statement. @throws where the database is
 * away
 */
export interface DueHolds {
  /** Has a hold looked at when it is due. */
  watch(hold: OpenHold): Promise<void>;
  /** Takes what is due, the longest due first. What is taken may be taken again after `leaseMs`, whoever took it. */
  claim(limit: number, now: number, leaseMs: number): Promise<string[]>;
  /** Takes away what is over. */
  forget(transactions: readonly string[]): Promise<void>;
}

const CLAIM = `
  update switch.open_hold h set claimed_until = now() + $3 * interval '1 millisecond'
    from (
      select transaction from switch.open_hold
        where due_at <= to_timestamp($2::double precision / 1000) and claimed_until <= now()
        order by due_at limit $1 for update skip locked
    ) due
    where h.transaction = due.transaction
    returning h.transaction`;

const WATCH = `
  insert into switch.open_hold (transaction, until, due_at)
    values ($1, to_timestamp($2::double precision / 1000), to_timestamp($3::double precision / 1000))
    on conflict (transaction) do nothing`;

const FORGET = 'delete from switch.open_hold where transaction = any ($1::uuid[])';

const STATEMENT_MS = 5_000;

/** `switch.open_hold`: the projector fills and empties it, keepers claim its rows. */
export class PostgresDueHolds implements DueHolds {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-holds', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'holds.connection', err: error }));
  }

  async watch({ transaction, until, dueAt }: OpenHold): Promise<void> {
    await this.#pool.query({ name: 'watch-hold', text: WATCH, values: [transaction, until, dueAt] });
  }

  async claim(limit: number, now: number, leaseMs: number): Promise<string[]> {
    const { rows } = await this.#pool.query<{ transaction: string }>({
      name: 'claim-holds',
      text: CLAIM,
      values: [limit, now, leaseMs],
    });
    return rows.map(({ transaction }) => transaction);
  }

  async forget(transactions: readonly string[]): Promise<void> {
    await this.#pool.query({ name: 'forget-holds', text: FORGET, values: [transactions] });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
