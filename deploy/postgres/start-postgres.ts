import type { ChildProcess } from 'node:child_process';
import { chownSync, closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { findBinaries, type PostgresBinaries } from './binaries.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { becomes, type Postmaster, runningPostmaster, stopPostmaster } from './postmaster.ts';
import { SERVER_SETTINGS } from './server-settings.ts';
import { bySocket, socketFolder } from './socket-folder.ts';
import { serverUser, spawnAs, type User } from './unprivileged.ts';

export interface PostgresPlan {
  /** Where everything is kept; made where it is missing. */
  readonly dataDir: string;
  readonly log: Log;
  /** A free one where absent. */
  readonly port?: number;
  /** Ends a start that is under way, and leaves no process of it. */
  readonly signal?: AbortSignal;
}

export interface RunningPostgres {
  /** The application's database, as its owner: no superuser, but one who may create roles and databases. */
  readonly url: string;
  /** The same by its Unix socket, for processes of this machine; absent where the data directory's path is too long. */
  readonly socketUrl?: string;
  readonly pid: number;
  /** @param eachMs how long it may take for each of the signals that ask it, the gentle one first */
  stop(eachMs?: number): Promise<void>;
}

interface Room {
  readonly directory: DataDirectory;
  readonly binaries: PostgresBinaries;
  readonly user: User | undefined;
  readonly log: Log;
  readonly signal: AbortSignal | undefined;
}

const APPLICATION = 'etika';
const SUPERUSER = 'postgres';
const START_WITHIN_MS = 30_000;
/** What a server says that met the remains of a killed one, or a port that was taken meanwhile: both pass. */
const PASSING_TROUBLE =
  /pre-existing shared memory block|lock file .* (already exists|is empty)|could not bind/;

/**
 * A PostgreSQL server for development and tests: a real one, listening on 127.0.0.1 only. A server that survived
 * the process that started it is adopted where it serves the port asked for, else stopped.
 * @throws Error with the end of the server's log where it does not start
 */
export async function startPostgres(plan: PostgresPlan): Promise<RunningPostgres> {
  const user = serverUser();
  const directory = openDataDirectory(plan.dataDir, user);
  directory.take();
  try {
    const room: Room = { directory, binaries: findBinaries(), user, log: plan.log, signal: plan.signal };
    if (!directory.isInitialised()) await directory.initialise((draft) => initialise(room, draft));
    const { pid, port, socketFolder } =
      (await adoptSurvivor(room, plan.port)) ?? (await startServer(room, plan.port));
    await provideDatabase(port, directory.password);
    const url = urlOf(APPLICATION, APPLICATION, directory.password, port);
    const socketUrl = socketFolder && bySocket(url, socketFolder);
    return {
      url,
      ...(socketUrl && { socketUrl }),
      pid,
      stop: (eachMs) => stopPostmaster(pid, eachMs).finally(directory.giveBack),
    };
  } catch (error) {
    directory.giveBack();
    throw error;
  }
}

async function initialise({ directory, binaries, user, signal }: Room, draft: string): Promise<void> {
  const passwordFile = `${draft}.password`;
  writeFileSync(passwordFile, directory.password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  const args = [
    `--pgdata=${draft}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ];
  try {
    const before = logSize(directory.log);
    const child = spawnLogged({ directory, user }, binaries.initdb, args, draft);
    const end = () => killGroup(child.pid);
    signal?.addEventListener('abort', end);
    const code = await new Promise((resolve) => child.once('error', resolve).once('exit', resolve));
    signal?.removeEventListener('abort', end);
    signal?.throwIfAborted();
    if (code !== 0) throw new Error(`initdb failed (${code}):\n${logTail(directory.log, before)}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** A program that leads a group of its own, with all that it started. */
function killGroup(leader: number | undefined): void {
  try {
    if (leader) process.kill(-leader, 'SIGKILL');
  } catch {
    // it has ended
  }
}

async function adoptSurvivor(
  { directory, log }: Room,
  wantedPort: number | undefined,
): Promise<Postmaster | undefined> {
  const survivor = runningPostmaster(directory.cluster);
  if (!survivor) return undefined;
  if (
    survivor.ready &&
    (wantedPort ?? survivor.port) === survivor.port &&
    (await answers(survivor, directory))
  ) {
    log.info({ event: 'postgres.adopted', server: survivor.pid, port: survivor.port });
    return survivor;
  }
  log.warn({ event: 'postgres.survivor-stopped', server: survivor.pid });
  await stopPostmaster(survivor.pid);
  return undefined;
}

async function answers({ port }: Postmaster, directory: DataDirectory): Promise<boolean> {
  const client = new Client({
    connectionString: urlOf(SUPERUSER, 'postgres', directory.password, port),
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function startServer(room: Room, wantedPort: number | undefined): Promise<Postmaster> {
  const end = performance.now() + START_WITHIN_MS;
  for (let backOffMs = 50; ; backOffMs = Math.min(backOffMs * 2, 1_000)) {
    room.signal?.throwIfAborted();
    const before = logSize(room.directory.log);
    const port = wantedPort ?? (await freePort());
    const { cluster } = room.directory;
    const args = serverArguments(cluster, port, socketFolder(room.directory.root, room.user));
    const child = spawnLogged(room, room.binaries.postgres, args, cluster);
    const started = await readiness(child, room, end);
    if (started) {
      child.unref();
      room.log.info({ event: 'postgres.started', server: started.pid, port });
      return started;
    }
    room.signal?.throwIfAborted();
    const tail = logTail(room.directory.log, before);
    if (!PASSING_TROUBLE.test(tail) || performance.now() + backOffMs > end) {
      throw new Error(`PostgreSQL did not start on port ${port}:\n${tail}`);
    }
    room.log.warn({ event: 'postgres.start-again', backOffMs });
    await wait(backOffMs);
  }
}

function serverArguments(cluster: string, port: number, socketFolder: string | undefined): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: socketFolder ?? '',
    ...SERVER_SETTINGS,
  };
  return ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Waits until the child serves; nothing where it ended or did not get there in time. */
async function readiness(
  child: ChildProcess,
  { directory, signal }: Room,
  end: number,
): Promise<Postmaster | undefined> {
  let over = false;
  child.once('error', () => {
    over = true;
  });
  child.once('exit', () => {
    over = true;
  });
  const current = () => {
    const postmaster = runningPostmaster(directory.cluster);
    return postmaster?.ready && postmaster.pid === child.pid ? postmaster : undefined;
  };
  await becomes(() => over || signal?.aborted || current() !== undefined, end - performance.now());
  const started = over ? undefined : current();
  if (!started && !over && child.pid) await stopPostmaster(child.pid);
  return started;
}

/** A session of its own: a Ctrl-C at the terminal reaches us, and we stop the server when its clients are done. */
function spawnLogged(
  { directory, user }: Pick<Room, 'directory' | 'user'>,
  program: string,
  args: readonly string[],
  data: string,
): ChildProcess {
  const log = openSync(directory.log, 'a', 0o600);
  try {
    return spawnAs(user, program, args, [program, data], {
      cwd: '/',
      detached: true,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The end of what the server wrote since the log had `from` bytes. */
function logTail(path: string, from: number): string {
  return readFileSync(path).subarray(from).toString('utf8').split('\n').slice(-20).join('\n').trim();
}

/** One that nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** The application's login and database, made at the first start. */
async function provideDatabase(port: number, password: string): Promise<void> {
  const client = new Client({ connectionString: urlOf(SUPERUSER, 'postgres', password, port) });
  await client.connect();
  try {
    const { rowCount: role } = await client.query('select from pg_roles where rolname = $1', [APPLICATION]);
    const login = `role ${APPLICATION} login createdb createrole password ${client.escapeLiteral(password)}`;
    if (role === 0) await client.query(`create ${login}`);
    const { rowCount: found } = await client.query('select from pg_database where datname = $1', [
      APPLICATION,
    ]);
    if (found === 0) await client.query(`create database ${APPLICATION} owner ${APPLICATION}`);
  } finally {
    await client.end();
  }
}

function urlOf(user: string, database: string, password: string, port: number): string {
  return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}
