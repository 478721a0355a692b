/**
 * A cluster of the embedded PostgreSQL as the first start leaves it. `initdb` takes seconds of a disk, and most tests
 * that want a server of their own say nothing about the first start: so it is run once in a test run, and what it made
 * is copied. The servers of the copies know the same password, and nothing else of each other.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog } from '../../runtime/index.ts';

/** Fills a data directory, which has no cluster yet: `startPostgres` then starts it and makes nothing. */
export async function madeCluster(dataDir: string): Promise<void> {
  const folder = process.env['ETIKA_TEST_RUN_FOLDER'];
  if (folder === undefined) throw new Error('this is no test run');
  const made = join(folder, 'cluster');
  if (!existsSync(made)) await make(made);
  mkdirSync(dataDir, { recursive: true });
  execFileSync('cp', ['-a', `${made}/.`, dataDir]);
}

/** Aside, and renamed when complete: where two processes make one at once, the first one's is kept. */
async function make(made: string): Promise<void> {
  const aside = mkdtempSync(`${made}-`);
  const server = await startPostgres({ dataDir: aside, log: silentLog });
  await server.stop();
  try {
    renameSync(aside, made);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(made)) throw error;
  }
}
