import {
  type BatchRows,
  isInOpenBatch,
  projectBatch,
  type UploadRow,
} from '../../switch/projection/batch-rows.ts';
import type {
  BatchName,
  OpenBatch,
  PaymentSearch,
  ProjectionReader,
} from '../../switch/projection/projection-reader.ts';
import {
  projectTransaction,
  type StoredTransaction,
  type TransactionRow,
} from '../../switch/projection/transaction-row.ts';
import type { Database } from './database.ts';
import type { Tables } from './database-tables.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';
import { readEntry, type StoredEntry } from './stored-entry.ts';

type Batches = Pick<ProjectionReader, 'reach' | 'openBatch' | 'paymentsOf'>;

const READ_MS = 800;
const CUT_OVER_HOUR = 0;

/**
 * The projection as a node reads it: what its statements would find, computed from the journal by the projection's own
 * functions. It lags behind the journal, but never behind what `reach` was promised.
 */
export class SimBatches implements Batches {
  readonly #database: Database;
  readonly #process: SimProcess;
  readonly #random: SeededRandom;
  /** What was committed until then is projected. */
  #horizon = 0;

  constructor(database: Database, process: SimProcess, random: SeededRandom) {
    this.#database = database;
    this.#process = process;
    this.#random = random;
  }

  async reach(deadline: number): Promise<boolean> {
    const { clock } = this.#process;
    const wanted = await this.#ask('committed', () => this.#process.world.now);
    const lagMs = this.#lagMs();
    const isReached = clock.monotonic() + lagMs < deadline;
    const waitMs = isReached ? lagMs : deadline - clock.monotonic();
    await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    if (isReached) this.#horizon = Math.max(this.#horizon, wanted);
    return isReached;
  }

  openBatch(name: BatchName, limit: number): Promise<OpenBatch> {
    return this.#ask('open-batch', () => openBatchAt(this.#database.tables, this.#horizon, name, limit));
  }

  paymentsOf(search: PaymentSearch, limit: number): Promise<string[]> {
    const { tables } = this.#database;
    const behindMs = this.#lagMs();
    return this.#ask('payments-of', () => {
      const projected = Math.max(this.#horizon, this.#process.world.now - behindMs);
      return paymentsAt(tables, projected, search).slice(0, limit);
    });
  }

  /** Of the projector. */
  #lagMs(): number {
    return this.#random.chance(0.03) ? this.#random.between(500, 3_000) : this.#random.between(1, 60);
  }

  async #ask<T>(label: string, work: () => T): Promise<T> {
    const connection = this.#database.connect(this.#process, READ_MS);
    try {
      return await connection.read(label, work);
    } finally {
      connection.close();
    }
  }
}

function openBatchAt(tables: Tables, horizon: number, name: BatchName, limit: number): OpenBatch {
  const projection = new Projection(tables, horizon);
  const { rows, batches, countedTo } = projection;
  const isOurs = (row: Pick<UploadRow, 'listener' | 'merchant' | 'acquirer' | 'terminal' | 'currency'>) =>
    name.listeners.includes(row.listener) &&
    (row.merchant ?? name.merchant) === name.merchant &&
    (row.acquirer === null || (name.acquirer ?? row.acquirer) === row.acquirer) &&
    row.terminal === name.terminal &&
    row.currency === name.currency;
  const closed = batches.flatMap(({ batch }) =>
    batch?.ordinal != null && isOurs(batch) ? [{ ...batch, ordinal: batch.ordinal }] : [],
  );
  const last = closed.sort((a, b) => a.ordinal - b.ordinal).at(-1);
  const members = rows
    .filter(isOurs)
    .map((row) => projection.stored(row))
    .filter(isInOpenBatch)
    .sort((a, b) => (a.opened_at + a.transaction < b.opened_at + b.transaction ? -1 : 1));
  const uploads = batches.flatMap(({ upload }) => {
    if (!upload || !isOurs(upload) || upload.number !== name.number) return [];
    if (last && upload.uploaded_at <= last.settled_at) return [];
    const known = rows.find((row) => row.transaction === upload.original);
    return { ...upload, known: known ? projection.stored(known) : null };
  });
  return { members: members.slice(0, limit), last, uploads: uploads.slice(0, limit), countedTo };
}

/** The newest first. */
function paymentsAt(tables: Tables, horizon: number, search: PaymentSearch): string[] {
  const { merchant, terminal, approvalCode, openOn, rrn, stan, since } = search;
  const isMeant = (row: TransactionRow) =>
    Date.parse(row.opened_at) >= since &&
    (merchant === undefined || row.merchant === merchant) &&
    (rrn === undefined || row.rrn === rrn) &&
    (stan === undefined || row.stan === stan) &&
    (terminal === undefined || row.terminal === terminal) &&
    (openOn === undefined || (openOn.includes(row.listener) && row.batch_side !== null)) &&
    (approvalCode === undefined || row.approval_code === approvalCode);
  const found = new Projection(tables, horizon).rows.filter(isMeant);
  return found.sort((a, b) => (a.opened_at < b.opened_at ? 1 : -1)).map(({ transaction }) => transaction);
}

/** What the projection has of one transaction, or of one batch. */
interface Projected {
  readonly row: TransactionRow | undefined;
  readonly batches: readonly BatchRows[];
}

/** By the entries of a transaction, and how many of them are read: they only grow, and are read again and again. */
const projections = new WeakMap<readonly StoredEntry[], Projected[]>();

function projectionOf(stored: readonly StoredEntry[], count: number): Projected {
  const known = projections.get(stored) ?? [];
  projections.set(stored, known);
  known[count] ??= projected(stored.slice(0, count));
  return known[count];
}

function projected(stored: readonly StoredEntry[]): Projected {
  const entries = stored.map(readEntry).sort((a, b) => a.version - b.version);
  const row = projectTransaction(entries, CUT_OVER_HOUR)?.row;
  return { row, batches: row ? [] : entries.map((entry) => projectBatch(entry, CUT_OVER_HOUR)) };
}

/** Everything that was committed until the horizon, as rows. */
class Projection {
  readonly rows: TransactionRow[] = [];
  readonly batches: BatchRows[] = [];
  readonly countedTo: Record<string, number> = {};
  readonly #batchOf = new Map<string, string>();

  constructor(tables: Tables, horizon: number) {
    for (const stored of tables.journal.values()) {
      let count = 0;
      for (const { epoch, sequence, committedAt } of stored) {
        if (committedAt > horizon) break;
        count += 1;
        this.countedTo[epoch] = Math.max(this.countedTo[epoch] ?? 0, sequence);
      }
      if (count === 0) continue;
      const { row, batches } = projectionOf(stored, count);
      if (row) this.rows.push(row);
      this.batches.push(...batches);
    }
    // What is in two is in the later one.
    const closed = this.batches
      .map(({ batch, members = [] }) => ({ batch: batch?.batch ?? '', members }))
      .sort((one, other) => (one.batch < other.batch ? -1 : 1));
    for (const { batch, members } of closed) {
      for (const member of members) this.#batchOf.set(member, batch);
    }
  }

  stored(row: TransactionRow): StoredTransaction {
    return { ...row, refunded: 0, batch: this.#batchOf.get(row.transaction) ?? null };
  }
}
