/**
 * Whether what is to be followed up is followed up: which workers have said lately that they live, and since when the
 * oldest follow-up that is due waits for one. Both stand in the database, so that it does not matter on which machine a
 * worker runs, nor who asks. Whether it is ready, and what is told to an operator, is decided here, once.
 */
import { Pool } from 'pg';
import type { Clock, Log, Timer } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';

export interface FollowUpHealth {
  /** The workers that live, by name, and how long ago they last said so, in milliseconds. */
  readonly workers: readonly { readonly name: string; readonly silentMs: number }[];
  /** How long the oldest follow-up, or proof to be asked for, that is due has waited; 0 where none waits. */
  readonly oldestDueMs: number;
}

const STATEMENT_MS = 1_500;
/** A worker says that it lives four times in its lease of 15 seconds: this silence is no accident any more. */
const ALIVE_WITHIN_MS = 15_000;
/** So long nothing that is due should wait, however deep the queue. */
const LATE_AFTER_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

/** The order of graphile-worker's own index: a first row, not a scan. */
const HEALTH = {
  name: 'follow-up-health',
  text: `select
    coalesce((select json_agg(w order by w.name) from (
      select node as name, round(extract(epoch from now() - max(renewed_at)) * 1000)::double precision as "silentMs"
        from switch.follow_up_worker where renewed_at > now() - $1 * interval '1 millisecond' group by node
    ) w), '[]') as workers,
    greatest(0,
      (select round(extract(epoch from now() - run_at) * 1000)::double precision
        from graphile_worker._private_jobs where is_available and run_at <= now()
        order by priority, run_at limit 1),
      (select round(extract(epoch from now() - due_at) * 1000)::double precision
        from switch.awaited_proof where not is_handed_over and due_at <= now()
        order by due_at limit 1)) as "oldestDueMs"`,
};

/** What is wrong, in words; nothing where follow-ups are followed up. */
export function followUpTrouble({ workers, oldestDueMs }: FollowUpHealth): string | undefined {
  const waits = `the oldest follow-up waits for ${Math.round(oldestDueMs / 1_000)} s`;
  if (workers.length === 0) return oldestDueMs > 0 ? `no worker lives, and ${waits}` : 'no worker lives';
  return oldestDueMs > LATE_AFTER_MS ? waits : undefined;
}

/** Asks the database. */
export class FollowUpHealthReader {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const connection = switchConnection(databaseUrl, 'etika-follow-up-health', STATEMENT_MS);
    this.#pool = new Pool({ ...connection, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'follow-up.connection', err: error }));
  }

  /** @throws where the database cannot be asked now */
  async read(): Promise<FollowUpHealth> {
    const { rows } = await this.#pool.query<FollowUpHealth>({ ...HEALTH, values: [ALIVE_WITHIN_MS] });
    return rows[0] ?? { workers: [], oldestDueMs: 0 };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

export interface FollowUpWatchParts {
  readonly reader: Pick<FollowUpHealthReader, 'read'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Looks every second, keeps what it saw for the node's status, and says in the log when it turns bad or good. */
export class FollowUpWatch {
  readonly #parts: FollowUpWatchParts;
  #seen: FollowUpHealth | undefined;
  #trouble: string | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: FollowUpWatchParts) {
    this.#parts = parts;
    this.#timer = parts.clock.after(0, () => void this.#look());
  }

  /** As last seen; null where the database could not be asked. */
  status(): FollowUpHealth | null {
    return this.#seen ?? null;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { reader, clock } = this.#parts;
    try {
      this.#seen = await reader.read();
      this.#say(followUpTrouble(this.#seen));
    } catch {
      this.#seen = undefined; // the journal says it louder
    }
    if (!this.#isClosed) this.#timer = clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  #say(trouble: string | undefined): void {
    const { log } = this.#parts;
    if (trouble !== undefined && this.#trouble === undefined) {
      log.error({ event: 'follow-up.waits', reason: trouble, ...this.#seen });
    }
    if (trouble === undefined && this.#trouble !== undefined) log.info({ event: 'follow-up.goes-on' });
    this.#trouble = trouble;
  }
}
