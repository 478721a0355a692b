import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { POP_LANE } from '../transaction/decision-entry.ts';
import { ALERT_ACTIONS } from './alert-actions.ts';
import type { Alert, AlertBook, RaisedAlert } from './alerts.ts';
import type { ModeChange, ModeRecords, RecordedChange } from './mode-records.ts';

const STATEMENT_MS = 2_000;
const OVERDUE_AFTER = '10 seconds';
/** Beyond that many it does not matter how many more. */
const MAX_COUNTED = 50_000;
const MAX_LISTED = 100;
/** Of what is raised here: raised again a moment after it closed, each is the same outage. */
const CLOSE_BY_THEMSELVES: readonly Alert['kind'][] = [
  'late-work',
  'clock',
  'log-lost',
  'flood',
  'process-died',
  'fraud-blocks',
];

type Nullable =
  | 'scenario'
  | 'transaction'
  | 'closedAt'
  | 'closedBy'
  | 'acknowledgedAt'
  | 'acknowledgedBy'
  | 'note';

type AlertRow = Omit<RaisedAlert, Nullable | 'position' | 'action'> & {
  readonly [K in Nullable]: RaisedAlert[K] | null;
} & { readonly position: string };

/** Beyond so many payments the amount of an alert is that of these. */
const MAX_SUMMED = 1_000;
const ALERTS = `select a.position, a.key, a.kind, a.scenario, a.subject, a.summary, a.transaction, a.raised_at as "raisedAt",
    a.count, a.last_at as "lastAt", a.closed_at as "closedAt", a.closed_by as "closedBy",
    a.acknowledged_at as "acknowledgedAt", a.acknowledged_by as "acknowledgedBy", a.note,
    (select coalesce(json_agg(json_build_object('currency', s.currency, 'minorUnits', s.asked) order by s.currency), '[]') from (
        select t.currency, sum(t.asked)::double precision as asked from (
            select a.transaction union select p.transaction from switch.alert_payment p where p.alert = a.position
            limit ${MAX_SUMMED}
          ) about join switch.projected_transaction t on t.transaction = about.transaction group by t.currency
      ) s) as amounts
  from switch.alert a`;

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
        select $1, $2::text, $3, $4::text, $5, $6::uuid
          where not ($2::text = any ($7::text[]) and switch.reopen_alert($2::text, $4::text))
        on conflict do nothing`,
      [key, kind, scenario ?? null, subject, summary, transaction ?? null, CLOSE_BY_THEMSELVES],
    );
  }

  async closeAlert({ kind, subject }: Pick<Alert, 'kind' | 'subject'>, by: string): Promise<void> {
    await this.#pool.query(
      `update switch.alert set closed_at = now(), closed_by = $3
        where kind = $1 and subject = $2 and closed_at is null`,
      [kind, subject, by],
    );
  }

  /**
   * Somebody looks after it; a later word takes the place of an earlier one. @returns whether there is such an alert
   */
  async acknowledge(position: number, by: string, note: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      'update switch.alert set acknowledged_at = now(), acknowledged_by = $2, note = $3 where position = $1',
      [position, by, note],
    );
    return (rowCount ?? 0) > 0;
  }

  /** Of what does not close by itself: people say that it is over. @returns whether there was such an open alert */
  async closeByHand(position: number, by: string, note: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      'update switch.alert set closed_at = now(), closed_by = $2, note = $3 where position = $1 and closed_at is null',
      [position, by, note],
    );
    return (rowCount ?? 0) > 0;
  }

  /**
   * The latest, the latest first, at most 100: before a position where one is given, and only what is open if asked.
   */
  async list(before?: number, isOpenOnly = false): Promise<RaisedAlert[]> {
    const { rows } = await this.#pool.query<AlertRow>(
      `${ALERTS} where ($1::bigint is null or a.position < $1) and (not $3 or a.closed_at is null)
        order by a.position desc limit $2`,
      [before ?? null, MAX_LISTED, isOpenOnly],
    );
    return rows.map(({ position, ...alert }) => {
      const known = Object.entries(alert).filter(([, value]) => value !== null);
      const action = ALERT_ACTIONS[alert.kind];
      return { ...Object.fromEntries(known), position: Number(position), action } as unknown as RaisedAlert;
    });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
