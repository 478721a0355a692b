import { Pool } from 'pg';
import type { Log } from '../../../runtime/index.ts';
import { switchConnection } from '../../database/connection.ts';
import type { DeliveriesWanted, Delivery, DeliveryLog, DeliveryReader } from './deliveries.ts';

const STATEMENT_MS = 1_000;
const LONGEST_REASON = 200;
/** With each that comes two that are older than this go: the table ends by itself. */
const RECORD = `with old as (
    delete from switch.notice_delivery where id in (
      select id from (select id, at from switch.notice_delivery order by id limit 2) as oldest where at < $5::timestamptz - interval '30 days'
    )
  )
  insert into switch.notice_delivery (notice, merchant, transaction, attempt, at, code, reason) values ($1, $2, $3, $4, $5, $6, $7)`;
const FIND = `select notice, merchant, transaction, attempt, extract(epoch from at)::double precision * 1000 as at, code, reason
  from switch.notice_delivery where merchant = $1 and ($2::uuid is null or transaction = $2) order by id desc limit $3`;

interface Row extends Omit<Delivery, 'code' | 'reason'> {
  readonly code: number | null;
  readonly reason: string | null;
}

/** The log of deliveries in the switch's database. */
export class PostgresDeliveries implements DeliveryLog, DeliveryReader {
  readonly #pool: Pool;
  readonly #log: Log;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-deliveries', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 2, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'deliveries.connection', err: error }));
    this.#log = log;
  }

  async record(delivery: Delivery): Promise<void> {
    const { notice, merchant, transaction, attempt, at, code = null, reason } = delivery;
    const why = reason?.slice(0, LONGEST_REASON) ?? null;
    const values = [notice, merchant, transaction, attempt, new Date(at).toISOString(), code, why];
    try {
      await this.#pool.query(RECORD, values);
    } catch (error) {
      this.#log.warn({ event: 'deliveries.unwritten', notice, err: error });
    }
  }

  async deliveries({ merchant, transaction, limit }: DeliveriesWanted): Promise<Delivery[]> {
    const { rows } = await this.#pool.query<Row>(FIND, [merchant, transaction ?? null, limit]);
    return rows.map(({ code, reason, at, ...rest }) => ({
      ...rest,
      at: Math.round(at),
      ...(code !== null && { code }),
      ...(reason !== null && { reason }),
    }));
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
