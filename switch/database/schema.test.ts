import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { describeSchema } from './describe-schema.ts';
import { type Migration, migrate, readMigrations } from './migrate.ts';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await freshDatabase({ migrated: false });
  await Promise.all([migrate(database.url, silentLog), migrate(database.url, silentLog)]);
  client = new Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await database?.drop();
});

test('two migrations started at once leave the golden schema', async () => {
  await expect(await describeSchema(client)).toMatchFileSnapshot('schema.golden.sql');
});

test('migrating again changes nothing', async () => {
  const before = await client.query('select * from switch.migration order by number');
  await migrate(database.url, silentLog);
  const after = await client.query('select * from switch.migration order by number');
  expect(after.rows).toEqual(before.rows);
  expect(after.rows).toHaveLength(readMigrations().length);
});

test('an edited migration is refused', async () => {
  const edited = readMigrations().map((each, index) =>
    index === 0 ? { ...each, checksum: 'another' } : each,
  );
  await expect(migrate(database.url, silentLog, edited)).rejects.toMatchObject({
    code: 'SW_MIGRATION_EDITED',
    migration: 1,
  });
});

test('a failing migration leaves nothing behind', async () => {
  const migrations = readMigrations();
  const text = 'create table switch.half (x int); select 1 / 0';
  const failing: Migration = { number: migrations.length + 1, text, checksum: 'failing' };
  await expect(migrate(database.url, silentLog, [...migrations, failing])).rejects.toMatchObject({
    code: 'SW_MIGRATION_FAILED',
  });
  const { rows } = await client.query("select to_regclass('switch.half') as half");
  expect(rows).toEqual([{ half: null }]);
});

describe('the role of the switch', () => {
  const FORBIDDEN = [
    "update switch.journal set kind = 'x'",
    'delete from switch.journal',
    'truncate switch.journal',
    "update switch.claim set fingerprint = 'x'",
    'delete from switch.claim',
    'delete from switch.lease',
    'drop table switch.journal',
    'alter table switch.journal disable trigger all',
    'create table switch.other (x int)',
    'delete from switch.migration',
  ];

  test.each(FORBIDDEN)('may not: %s', async (statement) => {
    const limited = new Client({ connectionString: database.url, options: '-c role=etika_switch' });
    await limited.connect();
    try {
      await expect(limited.query(statement)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await limited.end();
    }
  });
});
