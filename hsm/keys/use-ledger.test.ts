import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LedgerBounds, UseLedger } from './use-ledger.ts';

let directory: string;
let path: string;
let opened: UseLedger[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'etika-ledger-'));
  path = join(directory, 'uses.db');
  opened = [];
});
afterEach(() => {
  for (const ledger of opened) ledger.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(bounds?: Partial<LedgerBounds>): UseLedger {
  const ledger = UseLedger.open(path, bounds);
  opened.push(ledger);
  return ledger;
}

const ONE = Buffer.from('one request');
const OTHER = Buffer.from('another one');
const REPLAYED = 'HSM_KSN_REPLAYED';

it('lets a counter only rise, but for the very same request', () => {
  const ledger = open();
  ledger.claimCounter('pin/a', 5, ONE);
  for (const attempt of ['checkCounter', 'claimCounter'] as const) {
    expect(() => ledger[attempt]('pin/a', 5, OTHER)).toThrow(REPLAYED);
    expect(() => ledger[attempt]('pin/a', 4, ONE)).toThrow(REPLAYED);
    ledger[attempt]('pin/a', 5, ONE);
    ledger[attempt]('pin/b', 1, OTHER);
  }
  ledger.claimCounter('pin/a', 6, OTHER);
  expect(() => ledger.claimCounter('pin/a', 5, ONE)).toThrow(REPLAYED);
});

it('is shared by those who open the same file, and outlives them', () => {
  const [first, second] = [open(), open()];
  first.checkCounter('pin/a', 5, ONE);
  second.checkCounter('pin/a', 5, OTHER);
  first.claimCounter('pin/a', 5, ONE);
  // It looked free to both; only one of them got it.
  expect(() => second.claimCounter('pin/a', 5, OTHER)).toThrow(REPLAYED);
  expect([first, second, first].map((ledger) => ledger.countUse('key', 2, 1_000, 0))).toEqual([
    true,
    true,
    false,
  ]);
  for (const ledger of opened.splice(0)) ledger.close();
  const third = open();
  expect(() => third.checkCounter('pin/a', 5, OTHER)).toThrow(REPLAYED);
  expect(third.countUse('key', 2, 1_000, 0)).toBe(false);
  expect(third.countUse('key', 3, 1_000, 0)).toBe(true);
});

it('forgets the devices heard of longest ago beyond its bound, and no others', () => {
  const ledger = open({ counters: 300, limitedKeys: 1 });
  ledger.claimCounter('first', 9, ONE);
  for (let device = 0; device < 1_998; device++) ledger.claimCounter(`device ${device}`, 9, ONE);
  ledger.claimCounter('device 0', 10, ONE);
  ledger.checkCounter('first', 1, OTHER);
  ledger.checkCounter('device 1', 1, OTHER);
  for (const device of ['device 0', 'device 1997', 'device 1699']) {
    expect(() => ledger.checkCounter(device, 9, OTHER)).toThrow(REPLAYED);
  }
});

it('counts no more keys than its bound, and forgets a count only when its key has ended', () => {
  const ledger = open({ counters: 1, limitedKeys: 2 });
  expect(ledger.countUse('a', 9, 100, 0)).toBe(true);
  expect(ledger.countUse('b', 9, 200, 0)).toBe(true);
  expect(ledger.countUse('c', 9, 300, 99)).toBe(false);
  expect(ledger.countUse('b', 9, 200, 99)).toBe(true);
  expect(ledger.countUse('c', 9, 300, 100)).toBe(true);
});

it('says what has to be waited for, once', async () => {
  const ledger = open();
  expect(ledger.saved()).toBeUndefined();
  ledger.claimCounter('pin/a', 1, ONE);
  ledger.countUse('key', 1, 100, 0);
  const first = ledger.saved();
  expect(ledger.saved()).toBeUndefined();
  // While the disk is at work, those who come share its next turn.
  ledger.claimCounter('pin/a', 2, ONE);
  const second = ledger.saved();
  ledger.claimCounter('pin/a', 3, ONE);
  const third = ledger.saved();
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  await Promise.all([first, second, third]);
  expect(ledger.saved()).toBeUndefined();
  ledger.claimCounter('pin/a', 4, ONE);
  await ledger.saved();
});

it('refuses what it cannot record', () => {
  const ledger = open();
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  expect(() => ledger.claimCounter('pin/a', 1, ONE)).toThrow('HSM_LEDGER_FAILED');
  expect(() => ledger.countUse('key', 1, 100, 0)).toThrow('HSM_LEDGER_FAILED');
  other.exec('ROLLBACK');
  other.close();
  ledger.claimCounter('pin/a', 1, ONE);
});

it('opens only a file of its own that others cannot change', () => {
  open();
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
  path = join(directory, 'open.db');
  writeFileSync(path, '');
  chmodSync(path, 0o620);
  expect(open).toThrow('HSM_SETTINGS_INVALID');
  for (const other of ['garbage.db', 'missing/uses.db']) {
    path = join(directory, other);
    if (other === 'garbage.db') writeFileSync(path, 'no database, whatever its name says'.repeat(40));
    expect(open).toThrow('HSM_SETTINGS_INVALID');
  }
});
