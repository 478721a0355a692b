import { bodyOf } from '../../switch/journal/body-form.ts';
import type { JournalEntry } from '../../switch/journal/journal.ts';
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
import { projectTransaction, type StoredTransaction } from '../../switch/projection/transaction-row.ts';
import type { Database } from './database.ts';
import type { StoredEntry, Tables } from './database-tables.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';

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
  const { transactions, batches, countedTo } = project(tables, horizon);
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
  const members = transactions
    .filter((row) => isOurs(row) && isInOpenBatch(row))
    .sort((a, b) => (a.opened_at + a.transaction < b.opened_at + b.transaction ? -1 : 1));
  const uploads = batches.flatMap(({ upload }) => {
    if (!upload || !isOurs(upload) || upload.number !== name.number) return [];
    if (last && upload.uploaded_at <= last.settled_at) return [];
    return { ...upload, known: transactions.find((row) => row.transaction === upload.original) ?? null };
  });
  return { members: members.slice(0, limit), last, uploads: uploads.slice(0, limit), countedTo };
}

/** The newest first. */
function paymentsAt(tables: Tables, horizon: number, search: PaymentSearch): string[] {
  const { merchant, terminal, approvalCode, rrn, stan, since } = search;
  const isMeant = (row: StoredTransaction) =>
    Date.parse(row.opened_at) >= since &&
    (merchant === undefined || row.merchant === merchant) &&
    (rrn === undefined || row.rrn === rrn) &&
    (stan === undefined || row.stan === stan) &&
    (terminal === undefined || row.terminal === terminal) &&
    (approvalCode === undefined || row.approval_code === approvalCode);
  const found = project(tables, horizon).transactions.filter(isMeant);
  return found.sort((a, b) => (a.opened_at < b.opened_at ? 1 : -1)).map(({ transaction }) => transaction);
}

/** Everything that was committed until the horizon, as rows. */
function project(tables: Tables, horizon: number) {
  const rows: Omit<StoredTransaction, 'batch'>[] = [];
  const batches: BatchRows[] = [];
  const countedTo: Record<string, number> = {};
  for (const stored of tables.journal.values()) {
    const seen = stored.filter(({ committedAt }) => committedAt <= horizon);
    const entries = seen.sort((a, b) => a.version - b.version).map(entryOf);
    const row = projectTransaction(entries, CUT_OVER_HOUR)?.row;
    if (row) rows.push({ ...row, refunded: 0 });
    else batches.push(...entries.map((entry) => projectBatch(entry, CUT_OVER_HOUR)));
    for (const { epoch, sequence } of seen) countedTo[epoch] = Math.max(countedTo[epoch] ?? 0, sequence);
  }
  // What is in two is in the later one.
  const batchOf = new Map(
    batches
      .flatMap(({ batch, members = [] }) => members.map((member) => [member, batch?.batch ?? ''] as const))
      .sort(([, one], [, other]) => (one < other ? -1 : 1)),
  );
  const transactions = rows.map((row): StoredTransaction => {
    return { ...row, batch: batchOf.get(row.transaction) ?? null };
  });
  return { transactions, batches, countedTo };
}

function entryOf({ sequence: _, committedAt: _committedAt, body, ...entry }: StoredEntry): JournalEntry {
  return { ...entry, body: bodyOf(entry.kind, JSON.parse(body), entry.transaction) };
}
