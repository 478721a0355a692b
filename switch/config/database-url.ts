import { isIPv4 } from 'node:net';
import { hostsOf } from '../../runtime/index.ts';

/** TLS that proves who answers; the other modes of libpq encrypt for whoever stands in between. */
const PROVEN = ['verify-full', 'verify-ca'];

/**
 * What is wrong with the address of a database in production: each of its hosts must be on this machine, or be
 * reached by TLS whose certificate is verified (`sslmode=verify-full`, with `sslrootcert`). The address itself holds
 * a password and is never told.
 */
export function* databaseProblems(databaseUrl: string): Generator<string> {
  const hosts = hostsOf(databaseUrl);
  if (!hosts) {
    yield '/databaseUrl: postgres://… is expected';
    return;
  }
  const mode = /[?&]sslmode=([a-z-]+)/.exec(databaseUrl)?.[1] ?? 'none';
  const exposed = hosts.filter((host) => !isLoopback(host) && !host.startsWith('/'));
  if (exposed.length > 0 && !PROVEN.includes(mode)) {
    yield `/databaseUrl: off loopback sslmode=verify-full is required in production, found sslmode ${mode}`;
  }
}

export function isLoopback(host: string): boolean {
  return ['localhost', '::1', '[::1]'].includes(host) || (isIPv4(host) && host.startsWith('127.'));
}
