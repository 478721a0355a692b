import { fork } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { madeCluster } from '../../test/support/made-cluster.ts';
import { findBinaries } from './binaries.ts';
import { processState } from './data-directory.ts';
import { becomes, stopPostmaster } from './postmaster.ts';
import { freePort, type RunningPostgres, startPostgres } from './start-postgres.ts';
import { serverUser, spawnAs } from './unprivileged.ts';

let dataDir: string;
const running = new Set<RunningPostgres>();

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'etika-postgres-'));
  chmodSync(dataDir, 0o755);
});

afterEach(async () => {
  await Promise.all([...running].map((server) => server.stop()));
  running.clear();
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(options: { port?: number; dataDir?: string } = {}): Promise<RunningPostgres> {
  const server = await startPostgres({ dataDir, log: silentLog, ...options });
  running.add(server);
  return server;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Starts a server from another process and kills that process at once. */
async function orphan(): Promise<{ url: string; server: number }> {
  const child = fork(join(import.meta.dirname, 'hold-postgres.ts'), [dataDir]);
  const ready = await new Promise<{ url: string; server: number }>((resolve, reject) => {
    child.once('message', (message: { ready: { url: string; server: number } }) => resolve(message.ready));
    child.once('exit', () => reject(new Error('the holder ended')));
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  return ready;
}

test('a first start gives a durable server on loopback, whose login is no superuser', async () => {
  const { url } = await start();
  const [settings] = await query(
    url,
    `select current_setting('fsync') as fsync, current_setting('password_encryption') as passwords,
            current_setting('listen_addresses') as listens, current_setting('is_superuser') as superuser`,
  );
  expect(settings).toEqual({
    fsync: 'on',
    passwords: 'scram-sha-256',
    listens: '127.0.0.1',
    superuser: 'off',
  });
  expect(statSync(join(dataDir, 'secrets')).mode & 0o777).toBe(0o600);
});

test('its Unix socket serves as well, under the same password, also where the server was adopted', async () => {
  await madeCluster(dataDir);
  await orphan();
  const { url, socketUrl = '' } = await start();
  expect(new URL(socketUrl).searchParams.get('host')).toBe(join(dataDir, 'run'));
  expect(await query(socketUrl, 'select inet_server_addr() is null as local')).toEqual([{ local: true }]);
  expect(await query(url, 'select inet_server_addr() is null as local')).toEqual([{ local: false }]);
  await expect(query(socketUrl.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password/);
});

test('a data directory whose path is too long for a socket has none, and serves over TCP', async () => {
  const { url, socketUrl } = await start({ dataDir: join(dataDir, 'x'.repeat(90)) });
  expect(socketUrl).toBeUndefined();
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a wrong password is refused', async () => {
  await madeCluster(dataDir);
  const { url } = await start();
  await expect(query(url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password/);
});

test('rows are there after a clean stop and a second start', async () => {
  await madeCluster(dataDir);
  const first = await start();
  await query(first.url, 'create table kept (x int); insert into kept values (42)');
  await first.stop();
  running.delete(first);
  expect(processState(first.pid)).toBeUndefined();
  const second = await start();
  expect(await query(second.url, 'select x from kept')).toEqual([{ x: 42 }]);
});

test('a server whose starter was killed is adopted with its sessions', async () => {
  await madeCluster(dataDir);
  const left = await orphan();
  const adopted = await start();
  expect(adopted.pid).toBe(left.server);
  expect(adopted.url).toBe(left.url);
  expect(await query(adopted.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a server whose starter was killed is stopped where another port is wanted', async () => {
  await madeCluster(dataDir);
  const left = await orphan();
  const wanted = await start({ port: await freePort() });
  expect(wanted.pid).not.toBe(left.server);
  expect(processState(left.server)).toBeUndefined();
});

test('a start right after kill -9 of the server recovers its rows', async () => {
  await madeCluster(dataDir);
  const first = await start();
  await query(first.url, 'create table kept (x int); insert into kept values (42)');
  process.kill(first.pid, 'SIGKILL');
  await becomes(() => processState(first.pid) === undefined, 5_000);
  await first.stop(); // nothing is left to stop: gives the directory back
  running.delete(first);
  const second = await start();
  expect(second.pid).not.toBe(first.pid);
  expect(await query(second.url, 'select x from kept')).toEqual([{ x: 42 }]);
});

test('a directory in use by a living process is refused', async () => {
  await madeCluster(dataDir);
  await start();
  await expect(startPostgres({ dataDir, log: silentLog })).rejects.toThrow(
    `in use by process ${process.pid}`,
  );
});

test('a server that cannot start says why', async () => {
  await madeCluster(dataDir);
  const { stop } = await start();
  await stop();
  running.clear();
  chmodSync(join(dataDir, 'cluster'), 0o777);
  await expect(start()).rejects.toThrow(/invalid permissions/);
});

test('a data directory below a private one works', async () => {
  chmodSync(dataDir, 0o700);
  const { url } = await start({ dataDir: join(dataDir, 'nested', 'data') });
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('programs below a private directory run as the server user', async () => {
  const programs = join(dataDir, 'private', 'native');
  mkdirSync(dirname(programs), { mode: 0o700 });
  cpSync(join(dirname(findBinaries().initdb), '..'), programs, { recursive: true, verbatimSymlinks: true });
  const initdb = join(programs, 'bin', 'initdb');
  const child = spawnAs(serverUser(), initdb, ['-D', '/nonexistent/data', '-N'], [initdb], { stdio: 'pipe' });
  let said = '';
  child.stdout?.on('data', (chunk) => (said += chunk));
  child.stderr?.on('data', (chunk) => (said += chunk));
  await new Promise((resolve) => child.once('close', resolve));
  // It found its own programs and libraries: only the data directory, which nobody may make, stops it.
  expect(said).toMatch(/could not create directory "\/nonexistent/);
});

test('stopping a server that is gone does nothing', async () => {
  await expect(stopPostmaster(2 ** 22 + 1)).resolves.toBeUndefined();
});
