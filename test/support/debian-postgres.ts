/**
 * PostgreSQL as a distribution ships it, with its stock settings: Debian's 17, in a folder of its own, made by
 * debootstrap once and kept. It takes root and Debian's packages; whoever lacks either skips the tests that need it,
 * and says so.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { waitUntil } from './wait-until.ts';

const ROOT = process.env['DEBIAN_17_FOLDER'] ?? '/var/tmp/etika-debian-17';
const BIN = '/usr/lib/postgresql/17/bin';
const SUITE = 'trixie';
const MAKE_WITHIN_MS = 240_000;
/** debootstrap calls what lies there, and a lean environment has no such path. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

export interface ServerOfDebian {
  readonly url: string;
  /** Of the server's first process. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Why there is none here; nothing where there is one. */
export function whyNoDebianPostgres(): string | undefined {
  if (process.getuid?.() !== 0) return 'it takes root to make and to run it';
  if (existsSync(join(ROOT, BIN, 'postgres'))) return undefined;
  try {
    if (!existsSync('/usr/sbin/debootstrap')) {
      const quiet = { stdio: 'ignore', timeout: MAKE_WITHIN_MS } as const;
      execFileSync('apt-get', ['update', '-q'], quiet);
      execFileSync('apt-get', ['install', '-y', '-q', 'debootstrap'], quiet);
    }
    const what = ['--variant=minbase', '--include=postgresql-17', SUITE, ROOT];
    const env = { ...process.env, PATH };
    execFileSync('/usr/sbin/debootstrap', what, { stdio: 'ignore', timeout: MAKE_WITHIN_MS, env });
    return undefined;
  } catch (error) {
    rmSync(ROOT, { recursive: true, force: true });
    return `debootstrap did not make it: ${String(error).split('\n')[0]}`;
  }
}

export async function startDebianPostgres(): Promise<ServerOfDebian> {
  const port = await freePort();
  const data = `/tmp/data-${port}`;
  inside(['initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '--no-instructions']);
  const options = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', '/tmp'];
  const child: ChildProcess = spawn('/usr/sbin/chroot', asPostgres(['postgres', ...options]), {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await waitUntil(() => answers(url));
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGINT');
      await ended;
      rmSync(join(ROOT, data), { recursive: true, force: true });
    },
  };
}

function inside(command: readonly string[]): void {
  execFileSync('/usr/sbin/chroot', asPostgres(command), {
    stdio: 'ignore',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
}

function asPostgres([program = '', ...args]: readonly string[]): string[] {
  return [
    ROOT,
    '/usr/bin/setpriv',
    '--reuid=postgres',
    '--regid=postgres',
    '--clear-groups',
    `${BIN}/${program}`,
    ...args,
  ];
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
