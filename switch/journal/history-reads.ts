import { readBody } from './body-form.ts';
import type { JournalEntry, JournalError, TransactionId } from './journal.ts';

/**
 * Reads histories in sets: one at once, and what is asked for while that is under way together in the next statement.
 * Follow-ups read many at a time, and most of what a statement costs the server does not depend on how many it reads.
 * A history with an entry that this release cannot read is refused to whoever asked for it, and to nobody else.
 */
export interface HistoryRow {
  readonly transaction: TransactionId;
  readonly version: number;
  readonly kind: string;
  readonly body: unknown;
  readonly at: number;
  readonly node: string;
  readonly epoch: string;
}

interface Waiting {
  readonly transaction: TransactionId;
  resolve(entries: JournalEntry[]): void;
  reject(error: unknown): void;
}

/**
 * Each is looked for by itself, in its own partition: of an array the server would ask every partition. The order is
 * said outside as well: a plan that joins the leases by hash gives the entries of a history in any order.
 */
export const HISTORIES = {
  name: 'histories-of',
  text: `select j.transaction, j.version, j.kind, j.body, (extract(epoch from j.at) * 1000)::double precision as at, l.node,
      j.epoch
    from unnest($1::uuid[]) as t (id)
    cross join lateral (select * from switch.journal where transaction = t.id order by version) j
    join switch.lease l on l.epoch = j.epoch
    order by j.version`,
};
/** Statements under way at once: others of the reader's connections are for keys and leases. */
const AT_ONCE = 2;
const MAX_SET = 100;

export class HistoryReads {
  readonly #read: (transactions: readonly TransactionId[]) => Promise<readonly HistoryRow[]>;
  #waiting: Waiting[] = [];
  #underWay = 0;

  /** @param read the rows of these transactions, each one's by version */
  constructor(read: (transactions: readonly TransactionId[]) => Promise<readonly HistoryRow[]>) {
    this.#read = read;
  }

  history(transaction: TransactionId): Promise<JournalEntry[]> {
    const { promise, resolve, reject } = Promise.withResolvers<JournalEntry[]>();
    this.#waiting.push({ transaction, resolve, reject });
    if (this.#underWay < AT_ONCE) void this.#readNext();
    return promise;
  }

  async #readNext(): Promise<void> {
    this.#underWay += 1;
    while (this.#waiting.length > 0) await this.#readSet(this.#waiting.splice(0, MAX_SET));
    this.#underWay -= 1;
  }

  async #readSet(set: readonly Waiting[]): Promise<void> {
    try {
      const rows = await this.#read([...new Set(set.map(({ transaction }) => transaction))]);
      const read = Map.groupBy(rows, ({ transaction }) => transaction);
      for (const { transaction, resolve, reject } of set) {
        const entries = entriesOf(read.get(transaction) ?? []);
        if ('unread' in entries) reject(entries.unread);
        else resolve(entries.read);
      }
    } catch (error) {
      for (const { reject } of set) reject(error);
    }
  }
}

function entriesOf(
  rows: readonly HistoryRow[],
): { readonly read: JournalEntry[] } | { readonly unread: JournalError } {
  const entries: JournalEntry[] = [];
  for (const row of rows) {
    const read = readBody(row.kind, row.body, row.transaction);
    if ('unread' in read) return read;
    entries.push({ ...row, epoch: Number(row.epoch), body: read.body });
  }
  return { read: entries };
}
