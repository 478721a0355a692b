import { chmodSync, closeSync, fdatasync, fstatSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { HsmError } from '../errors.ts';

/** How much is remembered: the device heard of longest ago is forgotten first, a key's uses never before its end. */
export interface LedgerBounds {
  counters: number;
  limitedKeys: number;
  destroyedKeys: number;
}

const BOUNDS: LedgerBounds = { counters: 1_000_000, limitedKeys: 100_000, destroyedKeys: 1_000_000 };

/** So often, in new devices, it is looked whether there are too many. */
const PRUNE_EVERY = 1_000;
const LOCKED_AT_MOST_MS = 250;
/** Processes that start at once make the file one after the other. */
const LOCKED_AT_START_MS = 5_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS counter (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL UNIQUE, counter INTEGER NOT NULL, request BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS key_use (
    key TEXT PRIMARY KEY, uses INTEGER NOT NULL, ends INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS destroyed (
    key TEXT PRIMARY KEY, ends INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`;

/** A device's counter rises, or the very same request comes again; its row becomes the youngest. */
const CLAIM = `
  INSERT INTO counter (id, device, counter, request)
  VALUES ((SELECT coalesce(max(id), 0) + 1 FROM counter), ?1, ?2, ?3)
  ON CONFLICT (device) DO UPDATE SET id = excluded.id, counter = excluded.counter, request = excluded.request
  WHERE excluded.counter > counter.counter
     OR (excluded.counter = counter.counter AND excluded.request = counter.request)`;

const COUNT_USE = `
  INSERT INTO key_use (key, uses, ends)
  SELECT ?1, 1, ?3 WHERE EXISTS (SELECT 1 FROM key_use WHERE key = ?1) OR (SELECT count(*) FROM key_use) < ?4
  ON CONFLICT (key) DO UPDATE SET uses = uses + 1 WHERE uses < ?2`;

/**
 * What must not be forgotten when an HSM process ends: the last DUKPT counter of each device and purpose, how often
 * keys with a limit were used, and which keys were destroyed, whose older records open no more. One SQLite file beside
 * the token, shared by the processes of a pool: each claim is one atomic statement, so of two processes only one can
 * make it. A claim survives the process at once, and the machine as soon as `saved` has resolved, which replies wait
 * for.
 */
export class UseLedger {
  readonly #database: DatabaseSync;
  readonly #journal: number | undefined;
  readonly #bounds: LedgerBounds;
  readonly #last: StatementSync;
  readonly #claim: StatementSync;
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
    this.#last = database.prepare('SELECT counter, request FROM counter WHERE device = ?');
    this.#claim = database.prepare(CLAIM);
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

  /** @param request what tells a repeated request from another. @throws HSM_KSN_REPLAYED, HSM_LEDGER_FAILED */
  checkCounter(device: string, counter: number, request: Uint8Array): void {
    const last = this.#attempt(() => this.#last.get(device));
    if (last === undefined || counter > Number(last['counter'])) return;
    const same = counter === last['counter'] && Buffer.compare(request, last['request'] as Uint8Array) === 0;
    if (!same) throw replayed(counter);
  }

  /** Atomic over all processes. @throws HSM_KSN_REPLAYED, HSM_LEDGER_FAILED */
  claimCounter(device: string, counter: number, request: Uint8Array): void {
    const { changes } = this.#attempt(() => this.#claim.run(device, counter, request));
    if (changes === 0) throw replayed(counter);
    this.#unsaved = true;
    this.#added += 1;
    if (this.#added % PRUNE_EVERY === 0) this.#forgetOldest();
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

  #forgetOldest(): void {
    const keep = 'SELECT id FROM counter ORDER BY id DESC LIMIT 1 OFFSET ?';
    this.#attempt(() =>
      this.#database.prepare(`DELETE FROM counter WHERE id <= (${keep})`).run(this.#bounds.counters),
    );
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw failed(error);
    }
  }
}

function replayed(counter: number): HsmError {
  return new HsmError('HSM_KSN_REPLAYED', `counter ${counter}`);
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
