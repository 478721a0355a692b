import { chmodSync, closeSync, fdatasync, fstatSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { HsmError } from '../errors.ts';
import { COUNTER_SCHEMA, type CounterClaim, CounterLedger, type LedgerSeal } from './counter-ledger.ts';
import { appendKeyLog, KEY_LOG_SCHEMA, type KeyLogEntry, newestOf } from './key-log.ts';

/** How much is remembered: the device heard of longest ago is forgotten first, a key's uses never before its end. */
export interface LedgerBounds {
  /** Devices of one purpose. */
  counters: number;
  limitedKeys: number;
  destroyedKeys: number;
  /** Cards with a wrong PIN or a malformed PIN block. */
  faults: number;
}

const BOUNDS: LedgerBounds = {
  counters: 1_000_000,
  limitedKeys: 100_000,
  destroyedKeys: 1_000_000,
  faults: 1_000_000,
};

/** So often, in faults, it is looked whether there are too many. */
const PRUNE_EVERY = 1_000;
const LOCKED_AT_MOST_MS = 250;
/** Processes that start at once make the file one after the other. */
const LOCKED_AT_START_MS = 5_000;

const SCHEMA = `
  ${COUNTER_SCHEMA}
  ${KEY_LOG_SCHEMA}
  CREATE TABLE IF NOT EXISTS fault (
    card TEXT PRIMARY KEY, faults INTEGER NOT NULL, ends INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS key_use (
    key TEXT PRIMARY KEY, uses INTEGER NOT NULL, ends INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS destroyed (
    key TEXT PRIMARY KEY, ends INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`;

const COUNT_FAULT = `
  INSERT INTO fault (card, faults, ends) VALUES (?1, 1, ?2)
  ON CONFLICT (card) DO UPDATE SET
    faults = CASE WHEN ends <= ?3 THEN 1 ELSE faults + 1 END,
    ends = CASE WHEN ends <= ?3 THEN excluded.ends ELSE ends END
  RETURNING faults`;

const COUNT_USE = `
  INSERT INTO key_use (key, uses, ends)
  SELECT ?1, 1, ?3 WHERE EXISTS (SELECT 1 FROM key_use WHERE key = ?1) OR (SELECT count(*) FROM key_use) < ?4
  ON CONFLICT (key) DO UPDATE SET uses = uses + 1 WHERE uses < ?2`;

/**
 * What must not be forgotten when an HSM process ends: the DUKPT counters each device has spent, how often keys with
 * a limit were used, which keys were destroyed, whose older records open no more, and which cards had wrong PINs. One
 * SQLite file beside the token, shared by the processes of a pool: each claim is one atomic statement, so of two
 * processes only one can make it. A claim survives the process at once, and the machine as soon as `saved` has
 * resolved, which replies wait for.
 */
export class UseLedger {
  readonly #database: DatabaseSync;
  readonly #journal: number | undefined;
  readonly #bounds: LedgerBounds;
  readonly #counters: CounterLedger;
  readonly #faults: StatementSync;
  readonly #countFault: StatementSync;
  readonly #use: StatementSync;
  readonly #destroyed: StatementSync;
  #added = 0;
  #unsaved = false;
  #syncing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(database: DatabaseSync, journal: number | undefined, bounds: LedgerBounds) {
    this.#database = database;
    this.#journal = journal;
    this.#bounds = bounds;
    this.#counters = new CounterLedger(database, bounds.counters);
    this.#faults = database.prepare('SELECT faults FROM fault WHERE card = ? AND ends > ?');
    this.#countFault = database.prepare(COUNT_FAULT);
    this.#use = database.prepare(COUNT_USE);
    this.#destroyed = database.prepare('SELECT 1 FROM destroyed WHERE key = ?');
  }

  /** @param path absent: forgotten with the process. @throws HSM_SETTINGS_INVALID where it cannot be used */
  static open(path: string | undefined, bounds: Partial<LedgerBounds> = {}): UseLedger {
    if (path === undefined) {
      const database = new DatabaseSync(':memory:');
      database.exec(SCHEMA);
      return new UseLedger(database, undefined, { ...BOUNDS, ...bounds });
    }
    try {
      createPrivately(path);
      const database = new DatabaseSync(path, { timeout: LOCKED_AT_START_MS });
      // Commits are not synced one by one: `saved` syncs all of a turn at once, off this thread.
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${SCHEMA}`);
      database.exec(`PRAGMA busy_timeout = ${LOCKED_AT_MOST_MS}`);
      // One descriptor for as long as the database: its locks are on another file.
      const journal = openSync(`${path}-wal`, 'r+');
      syncFolderOf(path);
      return new UseLedger(database, journal, { ...BOUNDS, ...bounds });
    } catch (error) {
      if (error instanceof HsmError) throw error;
      throw new HsmError('HSM_SETTINGS_INVALID', `HSM_USE_LEDGER ${path} cannot be used`, { cause: error });
    }
  }

  /** Before anything is claimed. @throws HSM_LEDGER_FAILED where counters were taken out or altered */
  verify(seal: LedgerSeal): void {
    this.#attempt(() => this.#counters.verify(seal));
  }

  /** @throws HSM_KSN_REPLAYED, HSM_LEDGER_FAILED */
  checkCounter(claim: CounterClaim, seal: LedgerSeal): void {
    this.#attempt(() => this.#counters.check(claim, seal));
  }

  /** Atomic over all processes. @throws HSM_KSN_REPLAYED, HSM_LEDGER_FAILED */
  claimCounter(claim: CounterClaim, seal: LedgerSeal): void {
    this.#attempt(() => this.#counters.claim(claim, seal));
    this.#unsaved = true;
  }

  /** @throws HSM_LEDGER_FAILED where it cannot be written: then nothing of the kind is done */
  log(entry: KeyLogEntry, sign: (text: Buffer) => Buffer): void {
    this.#attempt(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        appendKeyLog(this.#database, entry, sign);
        this.#database.exec('COMMIT');
      } catch (error) {
        this.#database.exec('ROLLBACK');
        throw error;
      }
    });
    this.#unsaved = true;
  }

  /** @throws HSM_LEDGER_FAILED */
  newestLogged(operation: string): KeyLogEntry | undefined {
    return this.#attempt(() => newestOf(this.#database, operation));
  }

  /** Until when custodians have opened the authorised state, for all processes. @throws HSM_LEDGER_FAILED */
  authorise(until: number, seal: LedgerSeal): void {
    this.#attempt(() =>
      this.#database
        .prepare('INSERT OR REPLACE INTO authorised (one, until, seal) VALUES (1, ?, ?)')
        .run(until, authorisedSeal(until, seal)),
    );
    this.#unsaved = true;
  }

  /** @returns 0 where it never was, or where what is written is not ours */
  authorisedUntil(seal: LedgerSeal): number {
    const row = this.#attempt(() => this.#database.prepare('SELECT until, seal FROM authorised').get());
    if (!row) return 0;
    const until = Number(row['until']);
    return Buffer.compare(authorisedSeal(until, seal), row['seal'] as Uint8Array) === 0 ? until : 0;
  }

  /** How often something went wrong with a card's PIN until now. @throws HSM_LEDGER_FAILED */
  faultsOf(card: string, now: number): number {
    return this.#attempt(() => Number(this.#faults.get(card, now)?.['faults'] ?? 0));
  }

  /**
   * Counts a fault, over all processes. No reply waits for the disk: a power cut may forgive the last few.
   * @param ends when the count of these faults is forgotten. @returns how many there are
   * @throws HSM_LEDGER_FAILED
   */
  countFault(card: string, ends: number, now: number): number {
    return this.#attempt(() => {
      this.#added += 1;
      if (this.#added % PRUNE_EVERY === 0) this.#forgetFaults(now);
      return Number(this.#countFault.get(card, ends, now)?.['faults'] ?? 1);
    });
  }

  /** Counts anew. @throws HSM_LEDGER_FAILED */
  forgive(card: string): void {
    this.#attempt(() => this.#database.prepare('DELETE FROM fault WHERE card = ?').run(card));
  }

  /**
   * Counts one use of a key, atomic over all processes.
   * @param ends when the key ends by itself: its count is then forgotten. @returns whether it was below its limit
   * @throws HSM_LEDGER_FAILED
   */
  countUse(key: string, limit: number, ends: number, now: number): boolean {
    const count = () =>
      this.#attempt(() => this.#use.run(key, limit, ends, this.#bounds.limitedKeys)).changes;
    if (count() === 0) {
      const { changes } = this.#attempt(() =>
        this.#database.prepare('DELETE FROM key_use WHERE ends <= ?').run(now),
      );
      if (changes === 0 || count() === 0) return false;
    }
    this.#unsaved = true;
    return true;
  }

  /**
   * From now on every record of this key is dead, for all processes. @param ends when the key ends by itself
   * @throws HSM_LEDGER_FAILED
   */
  destroy(key: string, ends: number, now: number): void {
    this.#attempt(() => {
      this.#database.prepare('DELETE FROM destroyed WHERE ends <= ?').run(now);
      const { held } = this.#database.prepare('SELECT count(*) AS held FROM destroyed').get() as {
        held: number;
      };
      if (held >= this.#bounds.destroyedKeys) {
        throw new Error(`${held} destroyed keys are remembered, the most`);
      }
      this.#database.prepare('INSERT OR IGNORE INTO destroyed (key, ends) VALUES (?, ?)').run(key, ends);
    });
    this.#unsaved = true;
  }

  /** @throws HSM_LEDGER_FAILED */
  isDestroyed(key: string): boolean {
    return this.#attempt(() => this.#destroyed.get(key)) !== undefined;
  }

  /** Resolves when every claim so far is on disk; nothing where there is none to wait for. */
  saved(): Promise<void> | undefined {
    const journal = this.#journal;
    if (!this.#unsaved || journal === undefined) return undefined;
    this.#unsaved = false;
    if (this.#syncing) this.#next ??= this.#syncing.then(() => this.#sync(journal));
    return this.#next ?? this.#sync(journal);
  }

  /** One at a time: those who come while it lasts share the next. */
  #sync(journal: number): Promise<void> {
    this.#next = undefined;
    const done = new Promise<void>((resolve, reject) => {
      fdatasync(journal, (error) => (error ? reject(failed(error)) : resolve()));
    });
    const ended = () => {
      if (this.#syncing === done) this.#syncing = undefined;
    };
    this.#syncing = done;
    done.then(ended, ended);
    return done;
  }

  close(): void {
    this.#database.close();
    if (this.#journal !== undefined) closeSync(this.#journal);
  }

  #forgetFaults(now: number): void {
    this.#database.prepare('DELETE FROM fault WHERE ends <= ?').run(now);
    this.#database
      .prepare(
        'DELETE FROM fault WHERE card IN (SELECT card FROM fault ORDER BY ends DESC LIMIT -1 OFFSET ?)',
      )
      .run(this.#bounds.faults);
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw error instanceof HsmError ? error : failed(error);
    }
  }
}

function authorisedSeal(until: number, seal: LedgerSeal): Buffer {
  return seal(Buffer.from(`authorised\0${until}`, 'latin1'));
}

function failed(error: unknown): HsmError {
  return new HsmError('HSM_LEDGER_FAILED', error instanceof Error ? error.message : '', { cause: error });
}

/** SQLite gives its other files the mode of this one. */
function createPrivately(path: string): void {
  const file = openSync(path, 'a', 0o600);
  const mode = fstatSync(file).mode & 0o777;
  closeSync(file);
  if ((mode & 0o022) !== 0) {
    throw new HsmError(
      'HSM_SETTINGS_INVALID',
      `HSM_USE_LEDGER ${path} has mode 0${mode.toString(8)}: others may change it, make it 0600`,
    );
  }
  chmodSync(path, 0o600);
}

/** That there are such files is on disk before anything is claimed in them. */
function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
