/**
 * The folder of the server's Unix socket, inside its data directory. Where both ends are on one machine a socket costs
 * less than loopback TCP, and the port is left to people. The server, which may be another user than we are, makes the
 * socket itself, so the folder is its own; who connects still needs the password. A path of a socket has at most 107
 * bytes: where the data directory is too deep there is no socket, and TCP does. A folder under /tmp was rejected: it
 * would outlive its data directory, and be anybody's to take first.
 */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { User } from './unprivileged.ts';

/** sun_path of sockaddr_un has 108 bytes, the last one zero. */
const MAX_PATH_BYTES = 107;

/** The folder, made where it is missing; nothing where a socket in it could not be named. */
export function socketFolder(root: string, user: User | undefined): string | undefined {
  const folder = join(root, 'run');
  if (!fits(folder)) return undefined;
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  if (user) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** Whether every port's socket can be named in this folder. */
function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, '.s.PGSQL.65535')) <= MAX_PATH_BYTES && !/[,"\s]/.test(folder);
}

/** The same database by the socket: clients take `host` of the query, and the port from before it, as libpq does. */
export function bySocket(url: string, folder: string): string {
  return `${url}?host=${encodeURIComponent(folder)}`;
}
