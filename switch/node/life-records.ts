import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';

/** What the leases say of the processes of the system. */
export interface Lives {
  /** The life before the present one, of the process that asks, did not end by its own will. */
  readonly hasDied: boolean;
  /** Of the others, those whose last life ended without a word, and that nobody has started again. */
  readonly gone: readonly { readonly process: string; readonly epoch: number; readonly silentMs: number }[];
}

const STATEMENT_MS = 2_000;

/**
 * Who stops in good order ends its lease before that runs out. One that its successor ended has the successor's own
 * first moment as its end, as both are of one statement; one that another node ended had run out by then. Nobody is
 * said to be gone before whoever looks has renewed its own lease without a gap for as long: a database that was away
 * makes every lease look old. A lease that was written again after a fail-over (`lease_ms` 0) tells of no death. Of
 * workers the last one is told of by the follow-ups that wait (`late-work`), and one that has been silent for a day is
 * told of no more: its machine was given up.
 */
const LIVES = {
  name: 'lives',
  text: `with own as (
      select epoch, opened_at, steady_since, expires_at from switch.lease where node = $1 and ended_at is null
    ), latest as (
      select distinct on (l.node) l.node, l.epoch, l.ended_at, l.expires_at, l.lease_ms from switch.lease l
        where l.node <> $1 and l.lease_ms > 0 and l.expires_at > now() - interval '1 day'
        order by l.node, l.epoch desc
    )
    select
      coalesce((
        select before.ended_at = own.opened_at or before.ended_at >= before.expires_at
          from own join switch.lease before on before.node = $1 and before.epoch < own.epoch and before.lease_ms > 0
          order by before.epoch desc limit 1
      ), false) as "hasDied",
      coalesce((
        select json_agg(json_build_object(
            'process', l.node, 'epoch', l.epoch,
            'silentMs', round(extract(epoch from clock_timestamp() - l.expires_at) * 1000 + l.lease_ms)
          ) order by l.node)
          from latest l, own
          where own.expires_at > clock_timestamp()
            and clock_timestamp() - own.steady_since > l.lease_ms * interval '1 millisecond'
            and case
              when l.ended_at is null then l.expires_at + l.lease_ms * interval '1 millisecond' < clock_timestamp()
              else l.ended_at >= l.expires_at
            end
            and (switch.node_of_process(l.node) = l.node or exists (
              select from switch.follow_up_worker w where w.renewed_at > now() - interval '15 seconds'
            ))
      ), '[]') as gone`,
};

/** Asks the database. */
export class PostgresLifeRecords {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const connection = switchConnection(databaseUrl, 'etika-lives', STATEMENT_MS);
    this.#pool = new Pool({ ...connection, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'life.connection', reason: error.message }));
  }

  /** @throws where the database cannot be asked now */
  async read(process: string): Promise<Lives> {
    const { rows } = await this.#pool.query<Lives>({ ...LIVES, values: [process] });
    return rows[0] ?? { hasDied: false, gone: [] };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
