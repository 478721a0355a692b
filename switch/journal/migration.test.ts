import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { migrate, readMigrations } from '../database/migrate.ts';
import { createJournal, type PostgresJournal } from './postgres-journal.ts';

/** The one before the journal was kept in days, and claims as hashes. */
const BEFORE = 10;

let database: TestDatabase;
let admin: Client;
let journal: PostgresJournal | undefined;

beforeEach(async () => {
  database = await freshDatabase({ migrated: false });
  await migrate(database.url, silentLog, readMigrations().slice(0, BEFORE));
  admin = new Client({ connectionString: database.url });
  await admin.connect();
});

afterEach(async () => {
  await journal?.close();
  journal = undefined;
  await admin.end();
  await database.drop();
});

const EPOCH = `select switch.open_lease('old', 60000, 1::smallint) as epoch`;
const APPEND = `select switch.append_entries($1, 1, array[$2::bigint], array[$3::uuid], '{1}', '{intended}', array['{"a": 1}'::json],
  array[$4::float8], $5, $6, $7, $8, $9, '{}', '{}', '{}', '{}', '{}', '{}', '{}', $10)`;

/** As a node of the release before writes it. */
async function appendOld(
  epoch: number,
  sequence: number,
  atMs: number,
  keys: readonly string[],
): Promise<string> {
  const transaction = timeOrderedUuid({ ...systemClock, wall: () => atMs }, systemRandom);
  const each = <T>(value: T) => keys.map(() => value);
  await admin.query(APPEND, [
    epoch,
    sequence,
    transaction,
    atMs,
    each(sequence),
    each(transaction),
    keys,
    each('ab'.repeat(32)),
    each(true),
    Buffer.alloc(32),
  ]);
  return transaction;
}

async function migrated(): Promise<PostgresJournal> {
  await migrate(database.url, silentLog);
  const limits = { maxWaiting: 100, appendDeadlineMs: 5_000, leaseMs: 10_000 };
  const around = { clock: systemClock, log: silentLog, onFenced() {} };
  journal = await createJournal({ databaseUrl: database.url, node: 'new', ...around, ...limits });
  return journal;
}

const stampOf = (ms: number) => new Date(ms).toISOString().replace(/\D/g, '').slice(4, 14);

test('what was written before is read, claimed and undecided as it was', async () => {
  const { rows } = await admin.query<{ epoch: string }>(EPOCH);
  const epoch = Number(rows[0]?.epoch);
  await admin.query("select switch.attach_writer($1, '{}')", [epoch]);
  const now = Date.now();
  const written: { transaction: string; keys: string[] }[] = [];
  for (const [index, daysAgo] of [200, 40, 1, 0, 0].entries()) {
    const at = now - daysAgo * 86_400_000;
    const stamp = stampOf(at);
    const keys = [
      `line|0100|T|M|00000${index}|${stamp}`,
      `line|original|T|0100|00000${index}|${stamp}`,
      `line|reference|T|00000000000${index}`,
      `stand-in|card|${index}`,
    ];
    written.push({ keys, transaction: await appendOld(epoch, index + 1, at, keys) });
  }
  const opened = await migrated();
  for (const [index, { transaction, keys }] of written.entries()) {
    expect(await opened.history(transaction)).toMatchObject([
      { kind: 'intended', body: { a: 1 }, node: 'old' },
    ]);
    const findable = index === 0 ? keys.slice(3) : keys; // what was more than half a year ago is found no more
    const fingerprint = Buffer.from('ab'.repeat(32), 'hex').toString('base64url').slice(0, 22);
    for (const key of findable) expect(await opened.transactionOf(key)).toEqual({ transaction, fingerprint });
    const again = {
      transaction: timeOrderedUuid(systemClock, systemRandom),
      version: 1,
      kind: 'intended',
      body: {},
      claims: findable
        .filter((key) => !key.includes('reference'))
        .map((key) => ({ key, fingerprint, role: 'unique' as const })),
    };
    expect(await opened.append(again)).toMatchObject({ status: 'claimed', transaction, fingerprint });
  }
  expect(await opened.undecided()).toEqual(written.map(({ transaction }) => transaction));
  const fresh = timeOrderedUuid(systemClock, systemRandom);
  expect(await opened.append({ transaction: fresh, version: 1, kind: 'intended', body: {} })).toEqual({
    status: 'appended',
  });
  const { rows: count } = await admin.query('select count(*)::int as n from switch.journal');
  expect(count).toEqual([{ n: written.length + 1 }]);
});

test('a node of the release before is fenced, and gets no lease again', async () => {
  const { rows } = await admin.query<{ epoch: string }>(EPOCH);
  const epoch = Number(rows[0]?.epoch);
  await admin.query("select switch.attach_writer($1, '{}')", [epoch]);
  await migrated();
  await expect(appendOld(epoch, 1, Date.now(), [])).rejects.toMatchObject({ code: 'SWFEN' });
  await expect(admin.query(EPOCH)).rejects.toMatchObject({ code: 'SWFEN' });
  const { rows: attached } = await admin.query("select new_writer from switch.attach_writer($1, '{}')", [
    epoch,
  ]);
  expect(attached).toEqual([{ new_writer: null }]);
});
