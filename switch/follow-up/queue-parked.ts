import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import type { TransactionId } from '../journal/journal.ts';

/** A follow-up that nobody works on until people have looked at it. */
export interface ParkedFollowUp {
  /** Names it, and orders it among those of its transaction and lane. */
  readonly position: number;
  readonly transaction: TransactionId;
  readonly lane: string;
  readonly task: string;
  /** The attempt that ended in parking. */
  readonly attempt: number;
  readonly reason: string;
  readonly parkedAt: Date;
}

/** Which of what is parked: all where nothing is said. */
export interface ParkedFilter {
  readonly lane?: string | undefined;
  readonly task?: string | undefined;
  /** A part of the reason. */
  readonly reason?: string | undefined;
}

/** Those of one lane and task that were parked for one reason. */
export interface ParkedGroup {
  readonly lane: string;
  readonly task: string;
  readonly reason: string;
  readonly count: number;
  readonly oldestAt: Date;
}

const STATEMENT_MS = 5_000;
const MAX_LISTED = 500;
const MAX_GROUPS = 200;
const REPLAYED_TOGETHER = 500;

const FILTERED = `parked_at <= now() and ($1::text is null or lane = $1) and ($2::text is null or task = $2)
  and ($3::text is null or position($3 in reason) > 0)`;

/** What is parked, for those who look after it. */
export class ParkedFollowUps {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-parked', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 2, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'follow-up.connection', err: error }));
  }

  /** The oldest after `position`, at most 500. */
  async list(position = 0, filter: ParkedFilter = {}): Promise<ParkedFollowUp[]> {
    const { rows } = await this.#pool.query<Omit<ParkedFollowUp, 'position'> & { position: string }>(
      `select position, transaction, lane, task, attempt, reason, parked_at as "parkedAt"
        from switch.parked_follow_up where ${FILTERED} and position > $4 order by position limit $5`,
      [...valuesOf(filter), position, MAX_LISTED],
    );
    return rows.map((row) => ({ ...row, position: Number(row.position) }));
  }

  /** How much of it there is, by lane, task and reason: the largest groups first. */
  async groups(filter: ParkedFilter = {}): Promise<ParkedGroup[]> {
    const { rows } = await this.#pool.query<ParkedGroup>(
      `select lane, task, reason, count(*)::integer as count, min(parked_at) as "oldestAt"
        from switch.parked_follow_up where ${FILTERED}
        group by lane, task, reason order by count(*) desc, lane, task, reason limit ${MAX_GROUPS}`,
      valuesOf(filter),
    );
    return rows;
  }

  /**
   * Queues all again that was parked up to now and fits, each begun so long after the one before. What is parked again
   * meanwhile is left alone. Returns how many, with those that were parked behind them.
   */
  async replayAll(filter: ParkedFilter, apartMs: number): Promise<number> {
    const { rows } = await this.#pool.query<{ now: string }>('select now()::text as now');
    const before = rows[0]?.now;
    let queued = 0;
    for (let last = 1; last > 0; queued += last) {
      const values = [before, ...valuesOf(filter), REPLAYED_TOGETHER, apartMs, queued];
      const text = 'select switch.replay_parked($1, $2, $3, $4, $5, $6, $7)::integer as queued';
      last = (await this.#pool.query<{ queued: number }>(text, values)).rows[0]?.queued ?? 0;
    }
    return queued;
  }

  /** Queues it again, with those of its transaction and lane that are parked behind it. Returns how many. */
  async replay(position: number): Promise<number> {
    const text = 'select switch.replay_follow_up($1)::integer as queued';
    const { rows } = await this.#pool.query<{ queued: number }>(text, [position]);
    return rows[0]?.queued ?? 0;
  }

  /** Queues all that is parked of a transaction again. Returns how many. */
  async replayTransaction(transaction: TransactionId): Promise<number> {
    const { rows } = await this.#pool.query<{ queued: number }>(
      `select coalesce(sum(switch.replay_follow_up(first.position)), 0)::integer as queued
        from (select min(position) as position from switch.parked_follow_up where transaction = $1 group by lane) first`,
      [transaction],
    );
    return rows[0]?.queued ?? 0;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

function valuesOf({ lane, task, reason }: ParkedFilter): (string | null)[] {
  return [lane ?? null, task ?? null, reason ?? null];
}
