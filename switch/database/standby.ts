import { type Client, type ClientBase, Pool } from 'pg';
import type { Clock, Log, Timer } from '../../runtime/index.ts';
import { switchConnection } from './connection.ts';

/** `required`: no node works with a database whose commits do not wait for a standby. */
export type StandbyDemand = 'any' | 'required';

interface Replication {
  readonly commit: string;
  readonly names: string;
  /** Those that are waited for; also those whose state this login may not see. */
  readonly standbys: number;
}

/** With these a commit is on a standby before it is acknowledged, in its memory at least. */
const WAITING = ['on', 'remote_apply', 'remote_write'];
const REPLICATION = `
  select current_setting('synchronous_commit') as commit, current_setting('synchronous_standby_names') as names,
    (select count(*)::integer from pg_stat_replication where coalesce(sync_state, 'sync') in ('sync', 'quorum')) as standbys`;

/** Why a fail-over could lose what this database acknowledges, or why commits will hang; nothing where all is well. */
export async function standbyProblem(client: Pick<ClientBase, 'query'>): Promise<string | undefined> {
  const { rows } = await client.query<Replication>(REPLICATION);
  return rows[0] && problemOf(rows[0]);
}

export function problemOf({ commit, names, standbys }: Replication): string | undefined {
  if (names.trim() === '') return 'synchronous_standby_names is empty: no commit waits for a standby';
  const waits = WAITING.includes(commit);
  if (!waits) return `synchronous_commit is ${commit}: no commit waits for a standby`;
  return standbys === 0
    ? `none of synchronous_standby_names (${names}) is connected: commits wait for one`
    : undefined;
}

const STATEMENT_MS = 1_500;
const LOOK_EVERY_MS = 1_000;

/** Looks on: the setting can be changed, and the standby be lost, while nodes work. Part of whether a node is ready. */
export class StandbyWatch {
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #log: Log;
  #problem: string | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(databaseUrl: string, clock: Clock, log: Log) {
    const connection = switchConnection(databaseUrl, 'etika-standby', STATEMENT_MS);
    this.#pool = new Pool({ ...connection, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'standby.connection', reason: error.message }));
    this.#clock = clock;
    this.#log = log;
    this.#timer = clock.after(0, () => void this.#look());
  }

  /** As last seen. */
  problem(): string | undefined {
    return this.#problem;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    return this.#pool.end();
  }

  async #look(): Promise<void> {
    try {
      const problem = await standbyProblem(this.#pool as Pick<Client, 'query'>);
      const isNew = problem !== this.#problem;
      this.#problem = problem;
      if (isNew && problem) this.#log.error({ event: 'standby.missing', reason: problem });
      if (isNew && !problem) this.#log.info({ event: 'standby.there' });
    } catch {
      // that the database is away is told by others
    }
    if (!this.#isClosed) this.#timer = this.#clock.after(LOOK_EVERY_MS, () => void this.#look());
  }
}
