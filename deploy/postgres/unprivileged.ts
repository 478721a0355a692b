import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The system user that the server runs as where we are root, which PostgreSQL refuses to be. */
const SERVER_USER = 'postgres';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The user to run the server as, made where it is missing; nothing where we are not root ourselves. */
export function serverUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return lookUpUser() ?? createUser();
}

function lookUpUser(): User | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${SERVER_USER}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

function createUser(): User {
  try {
    execFileSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', SERVER_USER]);
  } catch (cause) {
    const advice = `make a system user ${SERVER_USER}, start as another user, or set DATABASE_URL`;
    throw new Error(`PostgreSQL does not run as root and no user could be made for it: ${advice}`, { cause });
  }
  const user = lookUpUser();
  if (!user) throw new Error(`useradd made no user ${SERVER_USER}`);
  return user;
}

/**
 * Spawns `program`, as `user` where one is given. Where that user may not pass through a directory above one of
 * `paths` (a clone under a home directory, say), the program keeps the one capability that lets it. PostgreSQL also
 * asks access(2), which forgets capabilities of a user other than root unless no_setuid_fixup is set.
 */
export function spawnAs(
  user: User | undefined,
  program: string,
  args: readonly string[],
  paths: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  if (!user) return spawn(program, args, options);
  if (paths.every((path) => mayPassThrough(path, user))) {
    return spawn(program, args, { ...options, uid: user.uid, gid: user.gid });
  }
  const capability = passingCapability();
  const privileges = [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
  ];
  return spawn('setpriv', [...privileges, program, ...args], options);
}

function mayPassThrough(path: string, user: User): boolean {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const { mode, uid, gid } = statSync(directory);
    const execute = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & execute) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}

/** The weakest capability we hold that lets a process pass through any directory (capabilities(7)). */
function passingCapability(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  if (effective & (1n << 2n)) return 'dac_read_search';
  if (effective & (1n << 1n)) return 'dac_override';
  throw new Error(
    `${SERVER_USER} cannot reach the data directory or the PostgreSQL programs: move them, or set DATABASE_URL`,
  );
}
