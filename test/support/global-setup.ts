import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { type RunningPostgres, startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog } from '../../runtime/index.ts';
import { FOLDER_OF_RUN } from '../../runtime/testing/made-once.ts';
import { migrate } from '../../switch/database/migrate.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Port on 127.0.0.1 where a test asks for the database server of this run. */
    postgresDesk: number;
  }
}

/** What the desk answers. */
export interface TestServer {
  readonly adminUrl: string;
  /** A migrated database, to be copied. */
  readonly template: string;
}

/**
 * What the tests of a run share. One database server, started when the first test asks for it: DATABASE_URL, or a
 * PostgreSQL of our own. Tests run in processes of their own and ask through a socket. And a folder for what is made
 * once and copied (`testToken`), where Node also keeps what it has compiled: hundreds of processes are started, and
 * each would strip and compile the same files, which is a third and more of what a start costs.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'etika-run-'));
  process.env[FOLDER_OF_RUN] = folder;
  process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compiled');
  let server: Promise<TestServer> | undefined;
  let stop = async () => {};
  const desk = createServer((socket: Socket) => {
    socket.on('error', () => {});
    server ??= startTestServer((undo) => {
      stop = undo;
    });
    server.then(
      (answer) => socket.end(JSON.stringify(answer)),
      (error: Error) => socket.end(JSON.stringify({ error: error.message })),
    );
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  const address = desk.address();
  if (typeof address !== 'object' || !address) throw new Error('the database desk has no address');
  project.provide('postgresDesk', address.port);
  return async () => {
    desk.close();
    await server?.catch(() => {});
    await stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
}

async function startTestServer(onStop: (undo: () => Promise<void>) => void): Promise<TestServer> {
  const own = process.env['DATABASE_URL'] ? undefined : await startOwnServer();
  const adminUrl = own?.url ?? process.env['DATABASE_URL'] ?? '';
  const template = `etika_template_${process.pid}`;
  onStop(async () => {
    if (own) return own.stop();
    await administer(adminUrl, `drop database if exists ${template} with (force)`);
  });
  await administer(adminUrl, `create database ${template}`);
  await migrate(withDatabase(adminUrl, template), silentLog);
  return { adminUrl, template };
}

async function startOwnServer(): Promise<Pick<RunningPostgres, 'url' | 'stop'>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-test-'));
  const server = await startPostgres({ dataDir, log: silentLog });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function administer(adminUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
