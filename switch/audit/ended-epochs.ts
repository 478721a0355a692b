import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { type ChainEnd, firstLink, type Link, lineOf, nextLink } from '../journal/chain.ts';
import { claimsOf } from './claims-of.ts';
import { ENTRY_COLUMNS, type EntryRow, entryOf } from './entry-row.ts';
import { chainFormOf } from './evidence.ts';

/** An epoch that is over, whose end nobody has signed: its node died, or its HSM was away. */
export interface EndedEpoch {
  readonly epoch: number;
  /** As the database has it. */
  readonly end: ChainEnd;
}

/** The epochs whose ends are still to be signed. */
export interface EndedEpochs {
  /** A few of them, oldest first. */
  unsealed(): Promise<EndedEpoch[]>;
  /** Its end is signed and published. */
  sealed(epoch: number): Promise<void>;
  close(): Promise<void>;
}

const AT_ONCE = 10;
const UNSEALED = {
  name: 'unsealed',
  text: `select epoch, node, chain from switch.lease
    where chain is not null and sealed_at is null and ended_at is not null order by epoch limit ${AT_ONCE}`,
};
const SEALED = { name: 'sealed', text: 'update switch.lease set sealed_at = now() where epoch = $1' };
const LAST_FLUSH = {
  name: 'last-flush',
  text: `select ${ENTRY_COLUMNS} from switch.journal j where j.epoch = $1 and j.sequence >= coalesce((
      select l.sequence from switch.journal l where l.epoch = $1 and l.link is not null order by l.sequence desc limit 1
    ), 0) order by j.sequence`,
};

interface EndedRow {
  epoch: string;
  node: string;
  chain: number;
}

export class PostgresEndedEpochs implements EndedEpochs {
  readonly #pool: Pool;

  constructor(databaseUrl: string, deadlineMs: number, log: Log) {
    const connection = switchConnection(databaseUrl, 'etika-audit-heads', deadlineMs);
    this.#pool = new Pool({ ...connection, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'audit.connection', err: error }));
  }

  async unsealed(): Promise<EndedEpoch[]> {
    const { rows } = await this.#pool.query<EndedRow>(UNSEALED);
    const ended: EndedEpoch[] = [];
    for (const row of rows) ended.push({ epoch: Number(row.epoch), end: await this.#end(row) });
    return ended;
  }

  async sealed(epoch: number): Promise<void> {
    await this.#pool.query({ ...SEALED, values: [epoch] });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #end({ epoch, node, chain }: EndedRow): Promise<ChainEnd> {
    const { rows } = await this.#pool.query<EntryRow>({ ...LAST_FLUSH, values: [epoch] });
    const before = String(Number(rows[0]?.sequence ?? 0) - 1);
    const claims = await claimsOf(this.#pool, { epoch: Number(epoch), chain }, rows, before);
    const entries = rows.map((row) => entryOf(row, claims.of(row)));
    const first = firstLink(Number(epoch), node, chainFormOf(chain));
    return endOfFlush(entries[0]?.link ?? first, entries);
  }
}

/** The end of a chain, of its last flush and the link before that. */
export function endOfFlush(before: Link, entries: readonly Parameters<typeof lineOf>[0][]): ChainEnd {
  const last = entries.at(-1);
  if (!last) return { sequence: 0, link: before };
  return { sequence: last.sequence, link: nextLink(before, entries.map(lineOf)) };
}
