/**
 * What production refuses, asked of the processes as a service manager starts them: a settings file of a node with what
 * nobody may leave in it, and databases as they are reached: in plain text, by TLS, through a pooler, by the names of
 * several hosts. Whatever is refused is told in a line that names the setting and not its value.
 */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, connect as dial, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ensureDevelopmentCertificates } from '../certs/index.ts';
import { type RunningPostgres, startPostgres } from '../deploy/postgres/start-postgres.ts';
import { silentLog } from '../runtime/index.ts';
import { developmentSettings } from '../switch/config/development.ts';
import { checkDatabase } from '../switch/database/check-database.ts';
import { migrate } from '../switch/database/migrate.ts';
import { serveStatus } from '../switch/node/status-server.ts';
import { madeCluster } from './support/made-cluster.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'production '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number;
  readonly said: string;
}

function run(program: string, env: Record<string, string>, args: readonly string[] = []): Promise<Ended> {
  const options = {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      NODE_ENV: 'production',
      ...env,
    },
    timeout: 30_000,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, program), ...args], options, (error, out, err) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, said: out + err }),
    );
  });
}

const local = developmentSettings({
  databaseUrl: 'postgres://u:secret@127.0.0.1:9/x',
  hsmSocketPath: join(folder, 'absent.sock'),
  visa: { host: '127.0.0.1', port: 9 },
  popUrl: 'http://127.0.0.1:9/api/v1',
});
const settings = {
  ...local,
  listeners: local.listeners.map((each) => ({ ...each, host: '127.0.0.1', port: 0 })),
};
const CLI = 'deploy/cli/etika-switch.js';
const STACK_TRACE = /^\s+at .+:\d+:\d+\)?$|^Node\.js v/m;

describe.each(['switch', 'worker'])('etika-switch %s in production', (role) => {
  test.each([
    ['a status page for everybody', { status: { host: '0.0.0.0', port: 8_585 } }, '/status/host'],
    ['a key that nobody knows', { statusPort: 8_585 }, '/statusPort: no such key'],
    [
      'a database in plain text',
      { databaseUrl: 'postgres://u:secret@db.example/x' },
      'sslmode=verify-full is required',
    ],
    [
      'a database that nobody proves',
      { databaseUrl: 'postgres://u:secret@db.example/x?sslmode=require' },
      'found sslmode require',
    ],
  ])('does not start with %s', async (_, change, says) => {
    const file = join(folder, 'node.json');
    writeFileSync(file, JSON.stringify({ ...settings, ...change }));
    const { status, said } = await run(CLI, { SWITCH_SETTINGS_FILE: file }, [role]);
    expect(status).toBe(1);
    expect(said).toContain('SW_SETTINGS');
    expect(said).toContain(says);
    expect(said).not.toMatch(/secret/);
    expect(said).not.toMatch(STACK_TRACE);
  });

  test('does not start with a database of several hosts, whatever they are asked for', async () => {
    const file = join(folder, 'node.json');
    const databaseUrl = 'postgres://u:secret@127.0.0.1:9,127.0.0.1:10/x?target_session_attrs=read-write';
    writeFileSync(file, JSON.stringify({ ...settings, databaseUrl }));
    const { status, said } = await run(CLI, { SWITCH_SETTINGS_FILE: file }, [role]);
    expect(status).toBe(1);
    expect(said).toContain('SW_DATABASE_ADDRESS');
    expect(said).toContain('2 hosts are named, and one is expected');
    expect(said).not.toMatch(/secret/);
    expect(said).not.toMatch(STACK_TRACE);
  });
});

test.each([
  ['the admin API', 'admin-api/main.ts', [], 'DATABASE_URL'],
  ['the schema', CLI, ['migrate'], 'sslmode=verify-full is required'],
  ['a command', CLI, ['parked', 'list'], 'sslmode=verify-full is required'],
])('%s reaches no database in plain text off loopback', async (_, program, args, says) => {
  const { status, said } = await run(program, { DATABASE_URL: 'postgres://u:secret@db.example/x' }, args);
  expect(status).toBe(1);
  expect(said).toContain(says);
  expect(said).not.toContain('secret');
});

test('a status page does not answer whoever calls it by a name that is not its own', async () => {
  const status = await serveStatus(
    { host: '127.0.0.1', port: 0 },
    () => ({ node: 'node-1' }) as never,
    async () => ({}),
  );
  onTestFinished(() => status.close());
  const codeFor = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = request({ port: status.port, path: '/status', headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject).end();
    });
  expect(await codeFor('evil.example')).toBe(421);
  expect(await codeFor(`127.0.0.1.evil.example:${status.port}`)).toBe(421);
  expect(await codeFor(`localhost:${status.port}`)).toBe(200);
});

describe('a database', () => {
  const dataDir = join(folder, 'database');
  let server: RunningPostgres;
  const certificates = ensureDevelopmentCertificates(join(folder, 'certs'));
  beforeAll(async () => {
    await madeCluster(dataDir);
    server = await startPostgres({ dataDir, log: silentLog });
    await migrate(server.url, silentLog);
  });
  afterAll(() => server?.stop());

  async function query(text: string): Promise<void> {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(text).finally(() => client.end());
  }

  /** The address with another login, or by another port. */
  function urlWith(change: { login?: string; port?: number; query?: string }): string {
    const url = new URL(server.url);
    if (change.login) [url.username, url.password] = [change.login, change.login];
    if (change.port) url.port = String(change.port);
    return `${url.href}${change.query ?? ''}`;
  }

  test('of a login with a role of its own is fit: what a session asks for comes first', async () => {
    await query(`create role login_of_its_own login password 'login_of_its_own' in role etika_switch, etika_projector;
      alter role login_of_its_own set role = etika_projector; alter role login_of_its_own set statement_timeout = '1h'`);
    await expect(checkDatabase(urlWith({ login: 'login_of_its_own' }))).resolves.toBeUndefined();
  });

  test('behind a pooler that swallows what a session asks for is refused, also where the login has the role', async () => {
    const pooler = await poolerTo(server.url);
    onTestFinished(pooler.close);
    const refused = { code: 'SW_DATABASE_SESSION' };
    await expect(checkDatabase(urlWith({ port: pooler.port }))).rejects.toMatchObject(refused);
    await query(`create role pooled login password 'pooled' in role etika_switch;
      alter role pooled set role = etika_switch; alter role pooled set statement_timeout = '5s'`);
    const pooled = urlWith({ login: 'pooled', port: pooler.port });
    await expect(checkDatabase(pooled)).rejects.toMatchObject(refused);
    await expect(checkDatabase(pooled)).rejects.toThrow(/time limit of 5s/);
  });

  test('is reached by TLS that proves who answers, and not where somebody else does', async () => {
    const cluster = join(dataDir, 'cluster');
    const owner = statSync(cluster);
    for (const [from, to] of [
      [certificates.server.certFile, 'server.crt'],
      [certificates.server.keyFile, 'server.key'],
    ] as const) {
      copyFileSync(from, join(cluster, to));
      chownSync(join(cluster, to), owner.uid, owner.gid);
      chmodSync(join(cluster, to), 0o600);
    }
    writeFileSync(join(cluster, 'postgresql.auto.conf'), "ssl = 'on'\n", { flag: 'a' });
    const { port } = new URL(server.url);
    await server.stop();
    server = await startPostgres({ dataDir, log: silentLog, port: Number(port) });

    const own = encodeURIComponent(certificates.server.caFile);
    const proven = urlWith({ query: `?sslmode=verify-full&sslrootcert=${own}` });
    await expect(checkDatabase(proven)).resolves.toBeUndefined();
    await expect(migrate(proven, silentLog)).resolves.toBeUndefined();
    const client = new Client({ connectionString: proven });
    await client.connect();
    const { rows } = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    await client.end();
    expect(rows).toEqual([{ ssl: true }]);

    const strangers = ensureDevelopmentCertificates(join(folder, 'strangers'));
    const others = encodeURIComponent(strangers.server.caFile);
    await expect(
      checkDatabase(urlWith({ query: `?sslmode=verify-full&sslrootcert=${others}` })),
    ).rejects.toThrow(/certificate|self-signed/);
  });
});

/** Passes everything on but the options of a session, as a pooler does that is told to ignore them. */
async function poolerTo(databaseUrl: string): Promise<{ port: number; close: () => Promise<void> }> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const pooler = createServer((near) => {
    const far = dial({ host: target.hostname, port: Number(target.port) });
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
    near.once('data', (startup) => {
      far.write(withoutOptions(startup));
      near.pipe(far);
    });
    far.pipe(near);
  });
  await new Promise<void>((resolve) => pooler.listen(0, '127.0.0.1', resolve));
  const address = pooler.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => pooler.close(() => resolve()));
    },
  };
}

/** A startup message: length, version, then names and values, each with a zero behind it. */
function withoutOptions(startup: Buffer): Buffer {
  const words = startup.toString('latin1', 8).split('\0');
  const at = words.indexOf('options');
  if (at >= 0) words.splice(at, 2);
  const rest = Buffer.from(words.join('\0'), 'latin1');
  const head = Buffer.from(startup.subarray(0, 8));
  head.writeInt32BE(8 + rest.length);
  return Buffer.concat([head, rest]);
}
