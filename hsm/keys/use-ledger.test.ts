import { createHmac } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

const ONE = Buffer.from('one requ');
const OTHER = Buffer.from('another.');
const REPLAYED = 'HSM_KSN_REPLAYED';
const seal = (data: Buffer) => createHmac('sha256', 'the sealing key').update(data).digest();

const claimOf = (device: string, counter: number, request: Buffer) => ({ device, counter, request });
const claim = (ledger: UseLedger, ...asked: Parameters<typeof claimOf>) =>
  ledger.claimCounter(claimOf(...asked), seal);
const check = (ledger: UseLedger, ...asked: Parameters<typeof claimOf>) =>
  ledger.checkCounter(claimOf(...asked), seal);

it('spends a counter once, in whatever order they come, but for the very same request', () => {
  const ledger = open();
  claim(ledger, 'pin/a', 5, ONE);
  for (const attempt of [check, claim]) {
    expect(() => attempt(ledger, 'pin/a', 5, OTHER)).toThrow(REPLAYED);
    attempt(ledger, 'pin/a', 5, ONE);
  }
  claim(ledger, 'pin/a', 9, ONE);
  claim(ledger, 'pin/a', 7, OTHER);
  claim(ledger, 'pin/b', 1, OTHER);
  claim(ledger, 'mac/a', 5, OTHER);
  for (const [counter, request] of [
    [5, OTHER],
    [9, OTHER],
    [7, ONE],
  ] as const) {
    expect(() => claim(ledger, 'pin/a', counter, request)).toThrow(REPLAYED);
  }
});

it('takes what it no longer remembers for spent', () => {
  const ledger = open();
  for (let counter = 100; counter < 140; counter++) claim(ledger, 'pin/a', counter, ONE);
  for (const counter of [1, 99, 107]) expect(() => claim(ledger, 'pin/a', counter, ONE)).toThrow(REPLAYED);
  claim(ledger, 'pin/a', 139, ONE);
  claim(ledger, 'pin/a', 140, OTHER);
});

it('takes what a ledger of an earlier version knew for spent', () => {
  open().close();
  opened.pop();
  const database = new DatabaseSync(path);
  database.prepare("INSERT INTO counter (device, counter, request) VALUES ('pin/BDK/x', 8, ?)").run(ONE);
  database.close();
  const ledger = open();
  const asked = (counter: number) => ({ ...claimOf('pin/mark/x', counter, ONE), before: 'pin/BDK/x' });
  expect(() => ledger.claimCounter(asked(8), seal)).toThrow(REPLAYED);
  ledger.claimCounter(asked(9), seal);
});

it('is shared by those who open the same file, and outlives them', () => {
  const [first, second] = [open(), open()];
  check(first, 'pin/a', 5, ONE);
  check(second, 'pin/a', 5, OTHER);
  claim(first, 'pin/a', 5, ONE);
  // It looked free to both; only one of them got it.
  expect(() => claim(second, 'pin/a', 5, OTHER)).toThrow(REPLAYED);
  expect([first, second, first].map((ledger) => ledger.countUse('key', 2, 1_000, 0))).toEqual([
    true,
    true,
    false,
  ]);
  for (const ledger of opened.splice(0)) ledger.close();
  const third = open();
  third.verify(seal);
  expect(() => check(third, 'pin/a', 5, OTHER)).toThrow(REPLAYED);
  expect(third.countUse('key', 2, 1_000, 0)).toBe(false);
  expect(third.countUse('key', 3, 1_000, 0)).toBe(true);
});

it('forgets the devices heard of longest ago beyond its bound, of the purpose that has too many alone', () => {
  const ledger = open({ counters: 300, limitedKeys: 1 });
  claim(ledger, 'pin/first', 9, ONE);
  claim(ledger, 'data/first', 9, ONE);
  for (let device = 0; device < 1_997; device++) claim(ledger, `data/device ${device}`, 9, ONE);
  claim(ledger, 'data/device 0', 10, ONE);
  check(ledger, 'data/first', 1, OTHER);
  check(ledger, 'data/device 1', 1, OTHER);
  // It was forgotten and heard of again: what is late of it may have been used before.
  for (const device of ['pin/first', 'data/device 0', 'data/device 1996']) {
    expect(() => check(ledger, device, 9, OTHER)).toThrow(REPLAYED);
  }
  ledger.verify(seal);
});

describe('sealed', () => {
  const others = (work: (database: DatabaseSync) => void) => {
    const database = new DatabaseSync(path);
    work(database);
    database.close();
  };

  it.each([
    ['a row taken out', "DELETE FROM spent WHERE device = 'pin/a'"],
    ['all rows taken out', 'DELETE FROM spent'],
    [
      'rows and their total taken out',
      'DELETE FROM spent; DELETE FROM spent_total; INSERT INTO spent SELECT * FROM kept',
    ],
    [
      'an older row put back',
      "DELETE FROM spent WHERE device = 'pin/a'; INSERT INTO spent SELECT * FROM kept",
    ],
  ])('it tells of %s at the next start', (_, change) => {
    const ledger = open();
    claim(ledger, 'pin/a', 5, ONE);
    others((database) => database.exec('CREATE TABLE kept AS SELECT * FROM spent'));
    claim(ledger, 'pin/a', 6, ONE);
    claim(ledger, 'pin/b', 6, ONE);
    open().verify(seal);
    others((database) => database.exec(change));
    expect(() => open().verify(seal)).toThrow('HSM_LEDGER_FAILED');
  });

  it('it uses no row that was altered, nor one of another token', () => {
    const ledger = open();
    claim(ledger, 'pin/a', 5, ONE);
    expect(() => ledger.checkCounter(claimOf('pin/a', 9, ONE), (data) => seal(seal(data)))).toThrow(
      'HSM_LEDGER_FAILED',
    );
    others((database) => database.prepare('UPDATE spent SET counters = ?').run(Buffer.alloc(4)));
    expect(() => check(ledger, 'pin/a', 5, OTHER)).toThrow('HSM_LEDGER_FAILED');
  });
});

it('counts the faults of a card until their time is over, for all processes', () => {
  const [first, second] = [open(), open()];
  expect([first, second, first].map((ledger) => ledger.countFault('wrong/x', 100, 0))).toEqual([1, 2, 3]);
  expect(second.faultsOf('wrong/x', 99)).toBe(3);
  expect(second.faultsOf('malformed/x', 99)).toBe(0);
  expect(second.faultsOf('wrong/x', 100)).toBe(0);
  expect(second.countFault('wrong/x', 200, 100)).toBe(1);
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
  claim(ledger, 'pin/a', 1, ONE);
  ledger.countUse('key', 1, 100, 0);
  const first = ledger.saved();
  expect(ledger.saved()).toBeUndefined();
  // While the disk is at work, those who come share its next turn.
  claim(ledger, 'pin/a', 2, ONE);
  const second = ledger.saved();
  claim(ledger, 'pin/a', 3, ONE);
  const third = ledger.saved();
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  await Promise.all([first, second, third]);
  expect(ledger.saved()).toBeUndefined();
  claim(ledger, 'pin/a', 4, ONE);
  await ledger.saved();
});

it('refuses what it cannot record', () => {
  const ledger = open();
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  expect(() => claim(ledger, 'pin/a', 1, ONE)).toThrow('HSM_LEDGER_FAILED');
  expect(() => ledger.countUse('key', 1, 100, 0)).toThrow('HSM_LEDGER_FAILED');
  other.exec('ROLLBACK');
  other.close();
  claim(ledger, 'pin/a', 1, ONE);
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
