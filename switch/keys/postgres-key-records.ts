import { Client, DatabaseError, Pool } from 'pg';
import { type Clock, LastingTrouble, type Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import type { KeyOwner, KeyRecords, KeySet, KeySetState } from './key-records.ts';

const STATEMENT_MS = 1_000;
const UNIQUE_VIOLATION = '23505';
/** Where every process hears of changes: one takes a key from a network, all of them have to use it. */
const CHANNEL = 'etika_keys';
/** Owners that one look tells of; the next look goes on behind them. */
const MAX_CHANGES = 10_000;

interface KeyRow {
  readonly generation: number;
  readonly state: KeySetState;
  readonly keys: Pick<KeySet, 'pin' | 'mac'>;
  readonly at: number;
  readonly notAfter: number | null;
}

const OF = {
  name: 'keys-of-owner',
  text: `select distinct on (generation) generation, state, keys, (extract(epoch from at) * 1000)::double precision as at,
      (extract(epoch from not_after) * 1000)::double precision as "notAfter"
    from switch.key_change where owner = $1 order by generation, position desc`,
};
const CHANGED = {
  name: 'keys-changed',
  text: `select position::double precision as position, owner,
      coalesce(xid < pg_snapshot_xmin(pg_current_snapshot()), true) as settled
    from switch.key_change where position > $1 order by position limit ${MAX_CHANGES}`,
};
const RECORD = {
  name: 'record-keys',
  text: `with recorded as (
      insert into switch.key_change (at, node, owner, generation, state, keys, not_after)
        select to_timestamp(s.at / 1000), $1, $2, s.generation, s.state, s.keys, to_timestamp(s.not_after / 1000)
          from json_to_recordset($3)
            as s (at double precision, generation integer, state text, keys json, not_after double precision)
        returning 1
    ) select pg_notify('${CHANNEL}', $2) where exists (select from recorded)`,
};

/** Key sets in the switch's database. */
export class PostgresKeyRecords implements KeyRecords {
  readonly #pool: Pool;
  readonly #node: string;
  readonly #log: Log;
  readonly #notListening: LastingTrouble;
  readonly #databaseUrl: string;
  #listener: Client | undefined;
  #changed: (() => void) | undefined;
  #isClosed = false;

  constructor(databaseUrl: string, node: string, { clock, log }: { clock: Clock; log: Log }) {
    this.#log = log;
    this.#notListening = new LastingTrouble('keys.connection', { clock, log });
    this.#databaseUrl = databaseUrl;
    const settings = switchConnection(databaseUrl, 'etika-keys', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 2, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'keys.connection', err: error }));
    this.#node = node;
  }

  async of(owner: KeyOwner): Promise<KeySet[]> {
    const { rows } = await this.#pool.query<KeyRow>({ ...OF, values: [owner] });
    return rows.map(({ keys, notAfter, ...row }) => ({
      ...row,
      ...keys,
      ...(notAfter !== null && { notAfter }),
    }));
  }

  onChange(changed: () => void): void {
    this.#changed = changed;
    void this.#listen();
  }

  async changedSince(position: number): Promise<{ owners: KeyOwner[]; position: number }> {
    void this.#listen();
    const { rows } = await this.#pool.query<{ position: number; owner: KeyOwner; settled: boolean }>({
      ...CHANGED,
      values: [position],
    });
    const owners = [...new Set(rows.map(({ owner }) => owner))];
    // Behind the first whose writer may have others before it, still to be committed, the next look begins again.
    const firstOpen = rows.findIndex(({ settled }) => !settled);
    const seen = firstOpen < 0 ? rows : rows.slice(0, firstOpen);
    return { owners, position: seen.at(-1)?.position ?? position };
  }

  async record(owner: KeyOwner, steps: readonly KeySet[]): Promise<boolean> {
    const rows = steps.map(({ pin, mac, notAfter, ...step }) => ({
      ...step,
      keys: { pin, mac },
      not_after: notAfter ?? null,
    }));
    try {
      await this.#pool.query({ ...RECORD, values: [this.#node, owner, JSON.stringify(rows)] });
      return true;
    } catch (error) {
      if (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#listener?.end().catch(() => {}), this.#pool.end()]);
  }

  /** Listens, unless it does; who asks for changes from time to time has a lost connection made anew. */
  async #listen(): Promise<void> {
    if (this.#listener || this.#isClosed || !this.#changed) return;
    const client = new Client(switchConnection(this.#databaseUrl, 'etika-keys-listener', STATEMENT_MS));
    this.#listener = client;
    const lost = () => {
      if (this.#listener === client) this.#listener = undefined;
    };
    client.on('error', (error) => this.#log.warn({ event: 'keys.connection', err: error }));
    client.once('end', lost);
    client.on('notification', () => this.#changed?.());

    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.#notListening.over();
    } catch (error) {
      this.#notListening.failed(error);
      lost();
      await client.end().catch(() => {});
    }
  }
}
