import { timingSafeEqual } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { HsmError } from '../errors.ts';
import { SpentCounters } from './spent-counters.ts';

/**
 * The ledger's part about DUKPT counters: a row per device and purpose, each sealed under the token's sealing key,
 * and a sealed total over all rows. Who may write to the file can so neither alter a row, nor take one out, nor put
 * an older one back in its place, without the next start noticing it. That the whole file is an older one no seal
 * tells.
 *
 * Rows are bounded for each purpose: marks of MACs and data, which cost their sender nothing, drive out none of PINs.
 */
export const COUNTER_SCHEMA = `
  CREATE TABLE IF NOT EXISTS spent (
    id INTEGER PRIMARY KEY, purpose TEXT NOT NULL, device TEXT NOT NULL UNIQUE,
    counters BLOB NOT NULL, seal BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS spent_by_purpose ON spent (purpose, id);
  CREATE TABLE IF NOT EXISTS spent_total (
    one INTEGER PRIMARY KEY CHECK (one = 1), devices INTEGER NOT NULL, sum BLOB NOT NULL, seal BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS counter (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL UNIQUE, counter INTEGER NOT NULL, request BLOB NOT NULL
  ) STRICT;`;

const PUT = `
  INSERT INTO spent (id, purpose, device, counters, seal)
  VALUES ((SELECT coalesce(max(id), 0) + 1 FROM spent), ?1, ?2, ?3, ?4)
  ON CONFLICT (device) DO UPDATE SET id = excluded.id, counters = excluded.counters, seal = excluded.seal`;

const PUT_TOTAL = `
  INSERT INTO spent_total (one, devices, sum, seal) VALUES (1, ?1, ?2, ?3)
  ON CONFLICT (one) DO UPDATE SET devices = excluded.devices, sum = excluded.sum, seal = excluded.seal`;

/** So often, in claims, it is looked whether there are too many devices. */
const PRUNE_EVERY = 1_000;
const SEAL_LENGTH = 16;

export type LedgerSeal = (data: Buffer) => Buffer;

export interface CounterClaim {
  /** `purpose/base key/device`. */
  readonly device: string;
  /** What the device was called in ledgers of earlier versions, which knew its last counter only. */
  readonly before?: string;
  readonly counter: number;
  /** What tells a repeated request from another. */
  readonly request: Uint8Array;
}

interface Row {
  readonly counters: Uint8Array;
  readonly seal: Uint8Array;
}

interface Total {
  devices: number;
  sum: Buffer;
}

export class CounterLedger {
  readonly #database: DatabaseSync;
  readonly #bound: number;
  readonly #row: StatementSync;
  readonly #put: StatementSync;
  readonly #earlier: StatementSync;
  readonly #total: StatementSync;
  readonly #putTotal: StatementSync;
  #claims = 0;

  /** @param bound devices of one purpose */
  constructor(database: DatabaseSync, bound: number) {
    this.#database = database;
    this.#bound = bound;
    this.#row = database.prepare('SELECT counters, seal FROM spent WHERE device = ?');
    this.#put = database.prepare(PUT);
    this.#earlier = database.prepare('SELECT counter FROM counter WHERE device = ?');
    this.#total = database.prepare('SELECT devices, sum, seal FROM spent_total WHERE one = 1');
    this.#putTotal = database.prepare(PUT_TOTAL);
  }

  /** @throws HSM_KSN_REPLAYED, HSM_LEDGER_FAILED where the row was altered */
  check({ device, before, counter, request }: CounterClaim, seal: LedgerSeal): void {
    const spent = this.#spentBy(device, before, this.#row.get(device) as Row | undefined, seal);
    if (spent.ask(counter, request) === 'spent') throw replayed(counter);
  }

  /** Atomic over all processes. @throws HSM_KSN_REPLAYED, HSM_LEDGER_FAILED */
  claim({ device, before, counter, request }: CounterClaim, seal: LedgerSeal): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const row = this.#row.get(device) as Row | undefined;
      const spent = this.#spentBy(device, before, row, seal);
      const asked = spent.ask(counter, request);
      if (asked === 'spent') throw replayed(counter);
      if (asked === 'free') this.#spend({ device, counter, request }, spent, row, seal);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** At the start, before anything is claimed: all rows are there, and none is another. @throws HSM_LEDGER_FAILED */
  verify(seal: LedgerSeal): void {
    const sum = Buffer.alloc(SEAL_LENGTH);
    let devices = 0;
    this.#database.exec('BEGIN');
    try {
      for (const row of this.#database.prepare('SELECT seal FROM spent').iterate()) {
        mix(sum, row['seal'] as Uint8Array);
        devices += 1;
      }
      const total = this.#readTotal(seal);
      if (total.devices !== devices || !total.sum.equals(sum)) {
        throw altered('rows were taken out or put back');
      }
    } finally {
      this.#database.exec('ROLLBACK');
    }
  }

  #spend(claim: CounterClaim, spent: SpentCounters, row: Row | undefined, seal: LedgerSeal): void {
    const { device, counter, request } = claim;
    const total = this.#readTotal(seal);
    // Where devices had to be forgotten, one that looks new may not be: of it nothing that is late is taken.
    const known = row || total.devices < this.#bound ? spent : SpentCounters.none(counter - 1);
    const counters = known.spend(counter, request);
    const sealed = rowSeal(device, counters, seal);
    this.#put.run(purposeOf(device), device, counters, sealed);

    if (row) mix(total.sum, row.seal);
    else total.devices += 1;
    mix(total.sum, sealed);
    this.#claims += 1;
    if (this.#claims % PRUNE_EVERY === 0) this.#forgetOldest(purposeOf(device), total);
    this.#putTotal.run(total.devices, total.sum, totalSeal(total, seal));
  }

  #spentBy(
    device: string,
    before: string | undefined,
    row: Row | undefined,
    seal: LedgerSeal,
  ): SpentCounters {
    if (!row) {
      const earlier = before === undefined ? undefined : this.#earlier.get(before);
      return SpentCounters.none(Number(earlier?.['counter'] ?? 0));
    }
    if (!isSame(rowSeal(device, row.counters, seal), row.seal)) {
      throw altered(`the row of ${purposeOf(device)}`);
    }
    return SpentCounters.read(row.counters);
  }

  #readTotal(seal: LedgerSeal): Total {
    const known = this.#total.get() as { devices: number; sum: Uint8Array; seal: Uint8Array } | undefined;
    if (!known) return { devices: 0, sum: Buffer.alloc(SEAL_LENGTH) };
    const total = { devices: known.devices, sum: Buffer.from(known.sum) };
    if (!isSame(totalSeal(total, seal), known.seal)) throw altered('its total');
    return total;
  }

  #forgetOldest(purpose: string, total: Total): void {
    const last = this.#database
      .prepare('SELECT id FROM spent WHERE purpose = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2')
      .get(purpose, this.#bound);
    if (!last) return;
    const gone = this.#database
      .prepare('DELETE FROM spent WHERE purpose = ?1 AND id <= ?2 RETURNING seal')
      .all(purpose, last['id'] as number);
    for (const { seal } of gone) mix(total.sum, seal as Uint8Array);
    total.devices -= gone.length;
  }
}

function rowSeal(device: string, counters: Uint8Array, seal: LedgerSeal): Buffer {
  return seal(Buffer.concat([Buffer.from(`spent\0${device}\0`, 'latin1'), counters])).subarray(
    0,
    SEAL_LENGTH,
  );
}

function totalSeal({ devices, sum }: Total, seal: LedgerSeal): Buffer {
  return seal(Buffer.concat([Buffer.from(`total\0${devices}\0`, 'latin1'), sum])).subarray(0, SEAL_LENGTH);
}

function isSame(expected: Buffer, given: Uint8Array): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** Seals are secret to who does not hold the key, so their XOR stands for the set of them. */
function mix(sum: Buffer, seal: Uint8Array): void {
  for (let i = 0; i < SEAL_LENGTH; i++) sum[i] = (sum[i] ?? 0) ^ (seal[i] ?? 0);
}

function purposeOf(device: string): string {
  return device.slice(0, device.indexOf('/'));
}

function replayed(counter: number): HsmError {
  return new HsmError('HSM_KSN_REPLAYED', `counter ${counter}`);
}

function altered(what: string): HsmError {
  return new HsmError('HSM_LEDGER_FAILED', `the ledger was altered, or sealed by another token: ${what}`);
}
