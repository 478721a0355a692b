import { Pool } from 'pg';
import type { Clock, Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { isTransactionId } from './entry.ts';
import { GroupCommit } from './group-commit.ts';
import { type Journal, type JournalEntry, JournalError, type TransactionId } from './journal.ts';
import { PostgresWriter } from './writer.ts';

export interface JournalSettings {
  /** A database that `migrate` has prepared; its login is granted the role `etika_switch`. */
  readonly databaseUrl: string;
  /** This node's name: letters, digits, `.`, `_` and `-`, at most 64. A second process of the name ends the first's lease. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Entries that may wait at once. */
  readonly maxWaiting: number;
  /** What an append may take, in milliseconds. */
  readonly appendDeadlineMs: number;
  /** How long a silent node keeps its transactions to itself, in milliseconds. */
  readonly leaseMs?: number;
  readonly renewEveryMs?: number;
}

const READ_CONNECTIONS = 4;
const MAX_UNDECIDED = 1_000;
const DEFAULT_LEASE_MS = 10_000;

interface HistoryRow {
  version: number;
  kind: string;
  body: unknown;
  at: number;
  node: string;
  epoch: string;
}

/**
 * The journal on PostgreSQL, under a new lease of this node.
 * @throws JournalError SW_JOURNAL_UNAVAILABLE, SW_JOURNAL_NOT_DURABLE
 */
export async function createJournal(settings: JournalSettings): Promise<PostgresJournal> {
  const { databaseUrl, appendDeadlineMs, log } = settings;
  const leaseMs = settings.leaseMs ?? DEFAULT_LEASE_MS;
  const pool = new Pool({
    ...switchConnection(databaseUrl, 'etika-journal-reader', appendDeadlineMs),
    max: READ_CONNECTIONS,
    allowExitOnIdle: true,
  });
  pool.on('error', (error) => log.warn({ event: 'journal.reader', err: error }));
  try {
    const { rows } = await pool.query<{ epoch: string }>('select switch.open_lease($1, $2) as epoch', [
      settings.node,
      leaseMs,
    ]);
    const epoch = Number(rows[0]?.epoch);
    const writer = new PostgresWriter({ databaseUrl, statementMs: appendDeadlineMs, leaseMs, log }, epoch);
    await writer.attach([]);
    const renewEveryMs = settings.renewEveryMs ?? leaseMs / 5;
    const group = new GroupCommit(writer, { ...settings, renewEveryMs });
    log.info({ event: 'journal.open', node: settings.node, epoch });
    return new PostgresJournal(pool, writer, group, epoch);
  } catch (error) {
    await pool.end();
    throw asJournalError(error);
  }
}

export class PostgresJournal implements Journal {
  /** The lease under which this process writes. */
  readonly epoch: number;
  readonly append: Journal['append'];
  readonly #pool: Pool;
  readonly #writer: PostgresWriter;
  readonly #group: GroupCommit;

  constructor(pool: Pool, writer: PostgresWriter, group: GroupCommit, epoch: number) {
    this.#pool = pool;
    this.#writer = writer;
    this.#group = group;
    this.epoch = epoch;
    this.append = (entry) => group.append(entry);
  }

  async history(transaction: TransactionId): Promise<JournalEntry[]> {
    if (!isTransactionId(transaction)) return [];
    const rows = await this.#read<HistoryRow>(
      `select j.version, j.kind, j.body, (extract(epoch from j.at) * 1000)::double precision as at, l.node, j.epoch
        from switch.journal j join switch.lease l using (epoch) where j.transaction = $1 order by j.version`,
      [transaction],
    );
    return rows.map((row) => ({ transaction, ...row, epoch: Number(row.epoch) }));
  }

  async transactionOf(key: string): Promise<{ transaction: TransactionId; fingerprint: string } | undefined> {
    const text = 'select transaction, fingerprint from switch.claim where key = $1';
    const [row] = await this.#read<{ transaction: TransactionId; fingerprint: string }>(text, [key]);
    return row;
  }

  async undecided(): Promise<TransactionId[]> {
    const text = 'select switch.undecided($1, $2)::text[] as found';
    const [row] = await this.#read<{ found: TransactionId[] }>(text, [this.epoch, MAX_UNDECIDED]);
    return row?.found ?? [];
  }

  /** Settles what waits, then ends the lease: other nodes need not wait for it to expire. */
  async close(): Promise<void> {
    await this.#group.close();
    this.#writer.drop();
    const end = 'update switch.lease set ended_at = now() where epoch = $1 and ended_at is null';
    await this.#pool.query(end, [this.epoch]).catch(() => {}); // without it the lease expires
    await this.#pool.end();
  }

  async #read<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(text, values)).rows;
    } catch (error) {
      throw asJournalError(error);
    }
  }
}

function asJournalError(error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  return new JournalError('SW_JOURNAL_UNAVAILABLE', 'no', {}, { cause: error });
}
