import { Pool } from 'pg';
import { type Log, uuidBoundOf } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { readBody } from '../journal/body-form.ts';

/** An entry that rules count, where it stands in its epoch. */
export interface EntryLine {
  readonly transaction: string;
  readonly version: number;
  readonly kind: string;
  readonly body: unknown;
  /** Wall clock of who wrote it. */
  readonly at: number;
  readonly epoch: number;
  readonly sequence: number;
}

export interface EpochLine {
  readonly epoch: number;
  readonly node: string;
}

/** The journal as rules of fraud read it. */
export interface EntryLines {
  /** Epochs that may have written since then. */
  epochs(since: number): Promise<readonly EpochLine[]>;
  /** What each epoch wrote after a sequence, of payments that began since then; at most so many of each. */
  after(cursors: ReadonlyMap<number, number>, since: number, most: number): Promise<readonly EntryLine[]>;
}

const KINDS = ['intended', 'decided', 'pop-failed'];
const MOST_EPOCHS = 256;
const COLUMNS = `transaction, version, kind, body, (extract(epoch from at) * 1000)::double precision as at,
  epoch::double precision as epoch, sequence::double precision as sequence`;

const EPOCHS = `
  select epoch::double precision as epoch, node from switch.lease
    where ended_at is null or ended_at > to_timestamp($1::double precision / 1000)
    order by epoch desc limit ${MOST_EPOCHS}`;
const AFTER = `
  select j.* from unnest($1::bigint[], $2::bigint[]) as e (epoch, sequence)
    cross join lateral (
      select ${COLUMNS} from switch.journal j
        where epoch = e.epoch and sequence > e.sequence and transaction >= $3::uuid and kind = any ($4)
        order by j.sequence limit $5
    ) j order by j.epoch, j.sequence`;
const BETWEEN = `
  select ${COLUMNS} from switch.journal
    where (transaction, version) > ($1::uuid, $2) and transaction < $3::uuid and kind = any ($4)
    order by transaction, version limit $5`;

export class PostgresEntryLines implements EntryLines {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log, statementMs: number) {
    const settings = switchConnection(databaseUrl, 'etika-fraud', statementMs);
    this.#pool = new Pool({ ...settings, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'fraud.connection', err: error }));
  }

  async epochs(since: number): Promise<readonly EpochLine[]> {
    return (await this.#pool.query<EpochLine>({ name: 'fraud-epochs', text: EPOCHS, values: [since] })).rows;
  }

  async after(
    cursors: ReadonlyMap<number, number>,
    since: number,
    most: number,
  ): Promise<readonly EntryLine[]> {
    if (cursors.size === 0) return [];
    const values = [[...cursors.keys()], [...cursors.values()], uuidBoundOf(since), KINDS, most];
    return readable((await this.#pool.query<EntryLine>({ name: 'fraud-after', text: AFTER, values })).rows);
  }

  /** Payments that began between two times, oldest first, each with its entries together. */
  async *between(since: number, until: number, most: number): AsyncGenerator<readonly EntryLine[]> {
    let last: Pick<EntryLine, 'transaction' | 'version'> = { transaction: uuidBoundOf(since), version: 0 };
    for (;;) {
      const values = [last.transaction, last.version, uuidBoundOf(until), KINDS, most];
      const { rows } = await this.#pool.query<EntryLine>({ name: 'fraud-between', text: BETWEEN, values });
      if (rows.length > 0) yield readable(rows);
      const end = rows.at(-1);
      if (!end || rows.length < most) return;
      last = end;
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

/** Bodies that this release cannot read count for nothing: the projection tells people of them. */
function readable(rows: readonly EntryLine[]): EntryLine[] {
  return rows.flatMap((row) => {
    const read = readBody(row.kind, row.body, row.transaction);
    return 'unread' in read ? [] : { ...row, body: read.body };
  });
}
