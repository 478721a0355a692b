/**
 * A standby of an embedded server, as PostgreSQL's own manual makes one: a copy of the cluster, a file that says so,
 * and a connection to stream from. It can be cut off from its primary, so that it lags, and be promoted.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { type RunningPostgres, startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog } from '../../runtime/index.ts';
import { proxyTo } from './postgres-proxy.ts';
import { waitUntil } from './wait-until.ts';

export interface Standby {
  readonly server: RunningPostgres;
  /** Everything that the primary has committed is here. */
  hasAll(primaryUrl: string): Promise<boolean>;
  /** The line to the primary is dead: what is committed from now on is not here. */
  cutOff(): void;
  /** It is a primary from now on. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

/** @param stoppedDir of a server that has been stopped; it is started again by whoever stopped it, on this port */
export async function standbyOf(
  stoppedDir: string,
  dataDir: string,
  startAgain: () => Promise<RunningPostgres>,
): Promise<{ primary: RunningPostgres; standby: Standby }> {
  mkdirSync(dataDir, { recursive: true });
  execFileSync('cp', ['-a', `${stoppedDir}/.`, dataDir]);
  for (const file of ['owner', 'cluster/postmaster.pid']) rmSync(join(dataDir, file), { force: true });
  const primary = await startAgain();

  const password = readFileSync(join(dataDir, 'secrets'), 'utf8').trim();
  const line = await proxyTo(primary.url);
  const cluster = join(dataDir, 'cluster');
  const from = `host=127.0.0.1 port=${new URL(line.url).port} user=postgres password=${password}`;
  appendFileSync(join(cluster, 'postgresql.auto.conf'), `primary_conninfo = '${from}'\n`);
  const signal = join(cluster, 'standby.signal');
  writeFileSync(signal, '');
  const { uid, gid } = statSync(join(cluster, 'PG_VERSION'));
  chownSync(signal, uid, gid);
  const server = await startPostgres({ dataDir, log: silentLog });

  const ask = async (url: string, text: string) => {
    const superuser = new URL(url);
    Object.assign(superuser, { username: 'postgres', password, pathname: '/postgres' });
    const client = new Client({ connectionString: superuser.href });
    await client.connect();
    try {
      return (await client.query<{ value: unknown }>(text)).rows[0]?.value;
    } finally {
      await client.end();
    }
  };
  return {
    primary,
    standby: {
      server,
      async hasAll(primaryUrl) {
        const there = await ask(primaryUrl, 'select pg_current_wal_lsn()::text as value');
        const text = `select coalesce(pg_last_wal_replay_lsn() >= '${there}'::pg_lsn, false) as value`;
        return (await ask(server.url, text)) === true;
      },
      cutOff: () => line.refuse(),
      async promote() {
        await ask(server.url, 'select pg_promote(false) as value');
        await waitUntil(
          async () => (await ask(server.url, 'select pg_is_in_recovery() as value')) === false,
          30_000,
        );
      },
      async stop() {
        await server.stop();
        await line.close();
      },
    },
  };
}
