import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import type { User } from './unprivileged.ts';

/** `<dataDir>`: the cluster, the server's log, the password, and who uses it. */
export interface DataDirectory {
  readonly root: string;
  readonly cluster: string;
  readonly log: string;
  readonly password: string;
  isInitialised(): boolean;
  /** Makes the cluster by `fill`ing a draft of it: one that was interrupted is begun anew. */
  initialise(fill: (draft: string) => Promise<void>): Promise<void>;
  /** Takes the directory for this process. @throws Error where another living process has it */
  take(): void;
  giveBack(): void;
}

export function openDataDirectory(path: string, user: User | undefined): DataDirectory {
  const root = resolve(path);
  const cluster = join(root, 'cluster');
  const draft = join(root, 'cluster.draft');
  mkdirSync(root, { recursive: true });
  // Its own user has to pass where we are root; nobody has anything to read here.
  chmodSync(root, user ? 0o711 : 0o700);
  const owner = join(root, 'owner');
  return {
    root,
    cluster,
    log: join(root, 'postgres.log'),
    password: readOrMakePassword(join(root, 'secrets')),
    isInitialised: () => existsSync(cluster),
    async initialise(fill) {
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { mode: 0o700 });
      if (user) chownSync(draft, user.uid, user.gid);
      await fill(draft);
      renameSync(draft, cluster);
    },
    take: () => takeOwnership(root, owner),
    giveBack: () => rmSync(owner, { force: true }),
  };
}

function readOrMakePassword(path: string): string {
  try {
    writeFileSync(path, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(path, 'utf8').trim();
}

function takeOwnership(root: string, owner: string): void {
  const present = existsSync(owner) ? readFileSync(owner, 'utf8').trim() : undefined;
  if (present && present === identityOf(Number(present.split(' ')[0]))) {
    throw new Error(
      `${root} is in use by process ${present.split(' ')[0]}: stop it, or use another directory`,
    );
  }
  writeFileSync(`${owner}.${process.pid}`, `${identityOf(process.pid)}\n`);
  renameSync(`${owner}.${process.pid}`, owner);
}

/** A process's number and start time: numbers come back, the pair does not. Nothing where it does not live. */
function identityOf(pid: number): string | undefined {
  const started = processState(pid)?.startedAt;
  return started === undefined ? undefined : `${pid} ${started}`;
}

export interface ProcessState {
  readonly startedAt: string;
  readonly commandLine: readonly string[];
}

/** What the system says of a living process; nothing where it is gone, or dead and not yet collected. */
export function processState(pid: number): ProcessState | undefined {
  if (!existsSync('/proc/self/stat')) {
    return signalsAlive(pid) ? { startedAt: '', commandLine: [] } : undefined;
  }
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return { startedAt: fields[19] ?? '', commandLine };
  } catch {
    return undefined;
  }
}

function signalsAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
