import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { POP_LANE } from '../transaction/decision-entry.ts';
import type { Alert, AlertBook, RaisedAlert } from './alerts.ts';
import type { ModeChange, ModeRecords, RecordedChange } from './mode-records.ts';
import type { FallbackScenario } from './scenarios.ts';

const STATEMENT_MS = 2_000;
const OVERDUE_AFTER = '10 seconds';
/** Beyond that many it does not matter how many more. */
const MAX_COUNTED = 50_000;
const MAX_LISTED = 100;

interface AlertRow extends Pick<RaisedAlert, 'key' | 'kind' | 'subject' | 'summary' | 'raisedAt'> {
  readonly position: string;
  readonly scenario: FallbackScenario | null;
  readonly transaction: string | null;
}

/** Degraded modes, alerts and the depth of queues, in the switch's database. */
export class PostgresFallbackRecords implements ModeRecords, AlertBook {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-fallback', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 2, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'fallback.connection', err: error }));
  }

  async record({ mode, isOpen, by, why }: ModeChange, at: number, node?: string): Promise<void> {
    await this.#pool.query(
      `insert into switch.degraded_mode_change (at, mode, node, is_open, changed_by, why)
        values (to_timestamp($1::double precision / 1000), $2, $3, $4, $5, $6)`,
      [at, mode, node ?? null, isOpen, by, why],
    );
  }

  async latest(): Promise<RecordedChange[]> {
    const { rows } = await this.#pool.query<
      Omit<RecordedChange, 'position' | 'node'> & { position: string; node: string | null }
    >(
      `select distinct on (mode, node) position, mode, node, is_open as "isOpen", changed_by as by, why,
          (extract(epoch from at) * 1000)::double precision as at
        from switch.degraded_mode_change order by mode, node, position desc`,
    );
    return rows.map(({ position, node, ...change }) => ({
      ...change,
      position: Number(position),
      ...(node !== null && { node }),
    }));
  }

  async overdueFollowUps(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#pool.query<{ lane: string; overdue: number }>(
      `select lane, count(*)::integer as overdue from (
          (select payload ->> 'lane' as lane from graphile_worker._private_jobs
            where run_at < now() - $1::interval and locked_at is null limit $2)
          union all
          (select '${POP_LANE}' from switch.awaited_proof
            where due_at < now() - $1::interval and not is_handed_over limit $2)
        ) late group by lane`,
      [OVERDUE_AFTER, MAX_COUNTED],
    );
    return new Map(rows.map(({ lane, overdue }) => [lane, overdue]));
  }

  async raise({ key, kind, scenario, subject, summary, transaction }: Alert): Promise<void> {
    await this.#pool.query(
      `insert into switch.alert (key, kind, scenario, subject, summary, transaction)
        values ($1, $2, $3, $4, $5, $6) on conflict (key) do nothing`,
      [key, kind, scenario ?? null, subject, summary, transaction ?? null],
    );
  }

  /** The latest, the latest first, at most 100: before a position where one is given. */
  async list(before?: number): Promise<RaisedAlert[]> {
    const { rows } = await this.#pool.query<AlertRow>(
      `select position, key, kind, scenario, subject, summary, transaction, raised_at as "raisedAt"
        from switch.alert where $1::bigint is null or position < $1 order by position desc limit $2`,
      [before ?? null, MAX_LISTED],
    );
    return rows.map(({ position: at, scenario, transaction, ...alert }) => ({
      ...alert,
      position: Number(at),
      ...(scenario !== null && { scenario }),
      ...(transaction !== null && { transaction }),
    }));
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
