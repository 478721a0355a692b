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

const STATEMENT_MS = 5_000;
const MAX_LISTED = 500;

/** What is parked, for those who look after it. */
export class ParkedFollowUps {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-parked', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 2, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'follow-up.connection', err: error }));
  }

  /** The oldest after `position`, at most 500. */
  async list(position = 0): Promise<ParkedFollowUp[]> {
    const { rows } = await this.#pool.query<Omit<ParkedFollowUp, 'position'> & { position: string }>(
      `select position, transaction, lane, task, attempt, reason, parked_at as "parkedAt"
        from switch.parked_follow_up where position > $1 order by position limit $2`,
      [position, MAX_LISTED],
    );
    return rows.map((row) => ({ ...row, position: Number(row.position) }));
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
