import { Pool } from 'pg';
import type { Clock, Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';

/** By how much a clock is ahead of the database's, and how sure that is. */
export interface ClockReading {
  readonly aheadMs: number;
  readonly uncertainMs: number;
}

export interface ClockRecords {
  /** Asks the database what time it is. @throws where it cannot be asked */
  read(): Promise<ClockReading>;
  /** Tells the others by how much this node is ahead, and hears it of them. */
  exchange(aheadMs: number): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

const STATEMENT_MS = 1_500;
/** Of several answers the quickest is the surest. */
const READS = 3;
const OF_LATE = '60 seconds';

/** In the switch's database, which is the one clock that all nodes share. */
export class PostgresClockRecords implements ClockRecords {
  readonly #pool: Pool;
  readonly #node: string;
  readonly #clock: Clock;

  constructor(databaseUrl: string, node: string, clock: Clock, log: Log) {
    const connection = switchConnection(databaseUrl, 'etika-clock', STATEMENT_MS);
    this.#pool = new Pool({ ...connection, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'clock.connection', reason: error.message }));
    this.#node = node;
    this.#clock = clock;
  }

  async read(): Promise<ClockReading> {
    let best: ClockReading | undefined;
    for (let i = 0; i < READS; i += 1) {
      const [wall, from] = [this.#clock.wall(), this.#clock.monotonic()];
      const { rows } = await this.#pool.query<{ ms: number }>(
        'select (extract(epoch from clock_timestamp()) * 1000)::double precision as ms',
      );
      const uncertainMs = (this.#clock.monotonic() - from) / 2;
      const aheadMs = wall + uncertainMs - (rows[0]?.ms ?? Number.NaN);
      if (!best || uncertainMs < best.uncertainMs) best = { aheadMs, uncertainMs };
    }
    return best ?? { aheadMs: 0, uncertainMs: Number.POSITIVE_INFINITY };
  }

  async exchange(aheadMs: number): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#pool.query<{ node: string; ahead_ms: number }>(
      `with own as (
        insert into switch.node_clock (node, ahead_ms) values ($1, $2)
          on conflict (node) do update set ahead_ms = excluded.ahead_ms, measured_at = now()
      )
      select node, ahead_ms from switch.node_clock
        where node <> $1 and measured_at > now() - $3::interval order by node`,
      [this.#node, aheadMs, OF_LATE],
    );
    return new Map(rows.map(({ node, ahead_ms: ahead }) => [node, ahead]));
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
