/**
 * Databases as they are found: a distribution's PostgreSQL 17 with its stock settings beside the embedded server of all
 * other tests, both idle and grown; one that is too old, a standby, a pooler that swallows options, and addresses that
 * lead nowhere certain. Nobody forces their planners: what is held here is that they need no force.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { load, prepare } from '../bench/growth/bulk.ts';
import { cpuMicroseconds, serverCpuMicroseconds } from '../bench/process-cpu.ts';
import { startPostgres } from '../deploy/postgres/start-postgres.ts';
import { silentLog } from '../runtime/index.ts';
import { checkDatabase } from '../switch/database/check-database.ts';
import { migrate } from '../switch/database/migrate.ts';
import {
  type ServerOfDebian as ServerUnderTest,
  startDebianPostgres,
  whyNoDebianPostgres,
} from './support/debian-postgres.ts';
import { type House, startHouse } from './support/house.ts';
import { madeCluster } from './support/made-cluster.ts';
import { freshDatabase, type TestDatabase } from './support/postgres.ts';
import { ask, purchase } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

const whyNone = whyNoDebianPostgres();
if (whyNone !== undefined && process.env['CI'] === 'true') {
  throw new Error(`no PostgreSQL of Debian: ${whyNone}`);
}

/** As many as are loaded, and as each of ten days has at least. */
const LOADED = 100_000;
const ROWS_OF_A_DAY = LOADED / 10;

/** By so much every lease is renewed while it is looked at what an idle process costs. */
const IDLE_MS = 10_000;
/** What compiles every query takes half of one; the same work was seen to cost 0.08 on one that twenty others used. */
const MOST_OF_A_PROCESSOR = 0.1;

const SERVERS = [
  { what: 'the embedded PostgreSQL', start: startEmbedded, why: undefined },
  {
    what: `a PostgreSQL 17 of Debian${whyNone ? `: ${whyNone}` : ''}`,
    start: startDebianPostgres,
    why: whyNone,
  },
];

describe.each(SERVERS)('$what', ({ start, why }) => {
  const isThere = why === undefined;
  let server: ServerUnderTest;
  let admin: Client;
  let stan = 0;
  beforeAll(async () => {
    if (!isThere) return;
    server = await start();
    admin = new Client({ connectionString: server.url });
    await admin.connect();
    await migrate(server.url, silentLog);
    await prepare(admin);
  }, 120_000);
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });

  /** One for each test: tests come in any order. */
  async function moveIn(): Promise<House> {
    const house = await startHouse({ databaseUrl: server.url });
    onTestFinished(() => house.close());
    return house;
  }

  /** Sixty, one after the other, and until what follows them is done. */
  async function serves(house: House): Promise<void> {
    const codes: (string | undefined)[] = [];
    for (let count = 0; count < 60; count += 1) {
      stan += 1;
      const reply = await ask(house.ports().iso87, purchase({ de11: String(stan).padStart(6, '0') }));
      codes.push(reply?.de39);
    }
    expect(codes.filter((code) => code !== '00')).toEqual([]);
    await waitUntil(async () => (await house.switchStatus()).followUps?.oldestDueMs === 0);
  }

  test.runIf(isThere)(
    'serves sixty purchases in time, and their follow-ups come to an end',
    async () => serves(await moveIn()),
    120_000,
  );

  // Processor time, not time of the day: what else the machine does is no part of it.
  test.runIf(isThere)(
    'costs little while nothing is to be done, with two nodes on it',
    async () => {
      const house = await moveIn();
      const other = await house.addNode('node-2');
      const used = () =>
        [house.switchPid(), house.workerPid(), other.switchPid(), other.workerPid()]
          .map(cpuMicroseconds)
          .concat(serverCpuMicroseconds(server.pid));
      const started = await leases(admin);
      await waitUntil(async () => isRenewedFor(1, started, await leases(admin)));
      const before = used();
      const from = performance.now();
      const renewed = await leases(admin);
      await waitUntil(async () => isRenewedFor(IDLE_MS, renewed, await leases(admin)));
      const elapsedUs = 1_000 * (performance.now() - from);
      const shares = used().map((now, index) => (now - (before[index] ?? 0)) / elapsedUs);
      expect(Math.max(...shares)).toBeLessThan(MOST_OF_A_PROCESSOR);
    },
    60_000,
  );

  test.runIf(isThere)(
    'serves as well once it has grown, by plans of when it was small, and by those of what it holds',
    async () => {
      const house = await moveIn();
      await admin.query('analyze');
      await serves(house);
      await load(admin, 0, LOADED, () => {});
      await serves(house);
      await admin.query('vacuum (analyze)');
      await serves(house);
      await house.close();
      expect(await tablesReadThrough(admin)).toEqual([]);
    },
    240_000,
  );
});

/** Until when each process that lives holds its lease, by the database's clock. */
async function leases(client: Client): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ node: string; until: number }>(
    `select node || epoch as node, extract(epoch from expires_at)::float8 * 1000 as until
      from switch.lease where ended_at is null`,
  );
  return new Map(rows.map(({ node, until }) => [node, until]));
}

/** All of them went on with what they do while nothing is to be done, for so long. */
function isRenewedFor(ms: number, from: ReadonlyMap<string, number>, to: ReadonlyMap<string, number>) {
  return from.size > 0 && [...from].every(([node, until]) => (to.get(node) ?? 0) - until >= ms);
}

/**
 * What was read from end to end when it was no longer small: a hundred rows are less work than an index. Of a session
 * that has ended everything is counted.
 */
async function tablesReadThrough(client: Client): Promise<readonly object[]> {
  const { rows } = await client.query(
    `select relname, seq_scan, seq_tup_read from pg_stat_user_tables
      where seq_tup_read - 100 * seq_scan > $1 order by relname`,
    [ROWS_OF_A_DAY],
  );
  return rows;
}

async function startEmbedded(): Promise<ServerUnderTest> {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-grown-'));
  await madeCluster(dataDir);
  const server = await startPostgres({ dataDir, log: silentLog });
  const stop = () => server.stop().finally(() => rmSync(dataDir, { recursive: true, force: true }));
  return { url: server.url, pid: server.pid, stop };
}

const OLD = '/usr/lib/postgresql/15/bin';
const isRoot = process.getuid?.() === 0;

test.skipIf(!existsSync(OLD) || !isRoot)(
  'a server that is too old is refused before anything is changed',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'old-postgres-'));
    execFileSync('chown', ['postgres', folder]);
    const as = ['--reuid=postgres', '--regid=postgres', '--clear-groups'];
    execFileSync(
      'setpriv',
      [...as, `${OLD}/initdb`, '-D', `${folder}/data`, '-A', 'trust', '-U', 'postgres'],
      { stdio: 'ignore' },
    );
    const options = ['-D', `${folder}/data`, '-k', folder, '-c', 'listen_addresses='];
    const child = spawn('setpriv', [...as, `${OLD}/postgres`, ...options], { stdio: 'ignore' });
    onTestFinished(async () => {
      child.kill('SIGINT');
      await new Promise((resolve) => child.once('exit', resolve));
      rmSync(folder, { recursive: true, force: true });
    });
    const url = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`;
    await waitUntil(() =>
      migrate(url, silentLog).then(
        () => true,
        (error) => error.code === 'SW_DATABASE_VERSION',
      ),
    );
    await expect(migrate(url, silentLog)).rejects.toThrow(
      /PostgreSQL 17 or later is needed \(it is PostgreSQL 15/,
    );
  },
);

describe('the embedded server', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database?.drop());

  test('as a node finds it is fit', async () => {
    await expect(checkDatabase(database.url)).resolves.toBeUndefined();
  });

  test('set read-only it is refused in words', async () => {
    const name = new URL(database.url).pathname.slice(1);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query(`alter database "${name}" set default_transaction_read_only = on`);
    await expect(checkDatabase(database.url)).rejects.toMatchObject({ code: 'SW_DATABASE_READ_ONLY' });
    await client.query('set default_transaction_read_only = off');
    await client.query(`alter database "${name}" reset default_transaction_read_only`);
  });
});

describe('an address', () => {
  test.each([
    ['of several hosts', 'postgres://u:secret@a.example,b.example/etika?target_session_attrs=read-write'],
    ['of a standby', 'postgres://u:secret@a.example/etika?target_session_attrs=standby'],
    ['of something else', 'mysql://u:secret@a.example/etika'],
  ])('%s is refused in words, without its password', async (_, url) => {
    for (const refused of [checkDatabase(url), migrate(url, silentLog)]) {
      await expect(refused).rejects.toMatchObject({ code: 'SW_DATABASE_ADDRESS' });
      await expect(refused).rejects.not.toThrow('secret');
    }
  });
});
