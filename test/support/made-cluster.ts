/**
 * A cluster of the embedded PostgreSQL as the first start leaves it. `initdb` takes seconds of a disk, and most tests
 * that want a server of their own say nothing about the first start: so it is run once in a test run, and what it made
 * is copied. The servers of the copies know the same password, and nothing else of each other.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog } from '../../runtime/index.ts';
import { madeOnce } from '../../runtime/testing/made-once.ts';

/** Fills a data directory, which has no cluster yet: `startPostgres` then starts it and makes nothing. */
export async function madeCluster(dataDir: string): Promise<void> {
  const made = await madeOnce('cluster', make);
  if (made === undefined) throw new Error('this is no test run');
  mkdirSync(dataDir, { recursive: true });
  execFileSync('cp', ['-a', `${made}/.`, dataDir]);
}

async function make(aside: string): Promise<void> {
  const server = await startPostgres({ dataDir: aside, log: silentLog });
  await server.stop();
}
