import { Pool } from 'pg';
import type { Clock, Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { dayOfTime, type KeyHash, keyHash, placeOfKey } from './claim-names.ts';
import { isTransactionId } from './entry.ts';
import { HISTORIES, HistoryReads, type HistoryRow } from './history-reads.ts';
import { type Journal, type JournalEntry, JournalError, type TransactionId } from './journal.ts';

export interface ReaderSettings {
  /** A database that `migrate` has prepared; its login is granted the role `etika_switch`. */
  readonly databaseUrl: string;
  readonly clock: Pick<Clock, 'wall'>;
  readonly log: Log;
  /** What a read may take, in milliseconds. */
  readonly readDeadlineMs: number;
  /** How far back a key without a date is looked for; 400 days where absent. */
  readonly keyHorizonDays?: number;
}

const KEY_HORIZON_DAYS = 400;
const READ_CONNECTIONS = 4;

/** Planned once for each connection, under its name. */
interface Statement {
  readonly name: string;
  readonly text: string;
}

const OWNER = {
  name: 'claim-owner',
  text: 'select transaction, fingerprint from switch.claim where key = $1::uuid and day = $2',
};
/**
 * Of a key that carries no date: from the newest day backwards, which ends where it is found. Day 0 and the last days
 * are asked first: to open every partition there is costs more than to look into it.
 */
const OWNER_OF_RECENT_DAYS = {
  name: 'claim-owner-of-recent-days',
  text: `select transaction, fingerprint from switch.claim
    where key = $1::uuid and (day = 0 or day > $2) order by day desc limit 1`,
};
const OWNER_OF_EARLIER_DAYS = {
  name: 'claim-owner-of-earlier-days',
  text: `select transaction, fingerprint from switch.claim
    where key = $1::uuid and day > $2 and day <= $3 order by day desc limit 1`,
};
const RECENT_DAYS = 16;
const SECRET = { name: 'claim-secret', text: 'select secret from switch.claim_secret' };

interface OwnerRow {
  transaction: TransactionId;
  fingerprint: string;
}

/** Reads the journal without a lease: for those who only look. */
export class JournalReader implements Pick<Journal, 'history' | 'transactionOf'> {
  readonly #pool: Pool;
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #histories = new HistoryReads((ids) => this.query<HistoryRow>(HISTORIES, [ids]));
  readonly #log: Log;
  readonly #horizonDays: number;
  #keyHash: KeyHash | undefined;

  constructor(options: ReaderSettings) {
    const { databaseUrl, clock, log, readDeadlineMs, keyHorizonDays = KEY_HORIZON_DAYS } = options;
    const settings = switchConnection(databaseUrl, 'etika-journal-reader', readDeadlineMs);
    this.#pool = new Pool({ ...settings, max: READ_CONNECTIONS, allowExitOnIdle: true });
    this.#clock = clock;
    this.#log = log;
    this.#horizonDays = keyHorizonDays;
    this.#pool.on('error', (error) => log.warn({ event: 'journal.reader', err: error }));
  }

  async history(transaction: TransactionId): Promise<JournalEntry[]> {
    if (!isTransactionId(transaction)) return [];
    try {
      return await this.#histories.history(transaction);
    } catch (error) {
      if (error instanceof JournalError && error.code === 'SW_JOURNAL_ENTRY') {
        this.#log.error({ event: 'journal.unreadable', transaction, ...error.detail, err: error });
      }
      throw error;
    }
  }

  async transactionOf(key: string): Promise<OwnerRow | undefined> {
    const { day, text } = placeOfKey(key);
    const hash = (await this.keyHash())(text);
    if (day !== undefined) return (await this.query<OwnerRow>(OWNER, [hash, day]))[0];

    const recent = dayOfTime(this.#clock.wall()) - RECENT_DAYS;
    const [row] = await this.query<OwnerRow>(OWNER_OF_RECENT_DAYS, [hash, recent]);
    if (row) return row;
    return (
      await this.query<OwnerRow>(OWNER_OF_EARLIER_DAYS, [
        hash,
        recent + RECENT_DAYS - this.#horizonDays,
        recent,
      ])
    )[0];
  }

  /** How this database hashes keys. @throws JournalError SW_JOURNAL_UNAVAILABLE */
  async keyHash(): Promise<KeyHash> {
    if (!this.#keyHash) {
      const [row] = await this.query<{ secret: Buffer }>(SECRET, []);
      if (!row) throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'no', { missing: 'switch.claim_secret' });
      this.#keyHash = keyHash(row.secret);
    }
    return this.#keyHash;
  }

  /** @throws JournalError SW_JOURNAL_UNAVAILABLE */
  async query<Row extends object>(statement: Statement, values: unknown[]): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>({ ...statement, values })).rows;
    } catch (cause) {
      throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'no', {}, { cause });
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
