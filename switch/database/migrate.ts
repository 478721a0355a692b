import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runMigrations } from 'graphile-worker';
import { Client, Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { checkAddress } from './check-database.ts';
import { requireVersion } from './database-errors.ts';
import { workerLogger } from './worker-logger.ts';

export interface Migration {
  readonly number: number;
  readonly text: string;
  readonly checksum: string;
}

export const MIGRATION_ERRORS = {
  SW_MIGRATION_EDITED: 'a migration that was applied has been edited since: write a new one instead',
  SW_MIGRATION_ORDER: 'migrations are numbered 000001.sql, 000002.sql … without a gap',
  SW_MIGRATION_FAILED: 'a migration failed; it left nothing behind',
} as const;

class MigrationError extends Error {
  readonly code: keyof typeof MIGRATION_ERRORS;
  readonly migration: number;

  constructor(code: keyof typeof MIGRATION_ERRORS, migration: number, options?: ErrorOptions) {
    super(`${MIGRATION_ERRORS[code]} (migration ${migration})`, options);
    this.name = 'MigrationError';
    this.code = code;
    this.migration = migration;
  }
}

/** Held while migrating: of nodes that start at once, one migrates. */
const MIGRATION_LOCK = 0x6574696b; // 'etik'

/**
 * Brings a database to the schema of this release: graphile-worker's first, then ours. Run as the owner of the
 * database, who needs CREATEROLE unless the role `etika_switch` is there. A database of a later release is left as it
 * is: migrations only go forward, and each leaves the release before it working.
 * @throws MigrationError
 */
export async function migrate(databaseUrl: string, log: Log, migrations = readMigrations()): Promise<void> {
  checkAddress(databaseUrl);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await requireVersion(client);
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migrateQueue(databaseUrl, log);
    await client.query('create schema if not exists switch');
    await client.query(
      `create table if not exists switch.migration (
        number integer primary key, checksum text not null, applied_at timestamptz not null default now())`,
    );
    const { rows } = await client.query<{ number: number; checksum: string }>(
      'select number, checksum from switch.migration order by number',
    );
    const applied = new Map(rows.map(({ number, checksum }) => [number, checksum]));
    for (const migration of migrations) await applyOnce(client, migration, applied, log);
    if (applied.size > migrations.length) {
      log.warn({ event: 'migrate.ahead', applied: applied.size, known: migrations.length });
    }
  } finally {
    await client.end();
  }
}

async function migrateQueue(databaseUrl: string, log: Log): Promise<void> {
  const pgPool = new Pool({ connectionString: databaseUrl, max: 1 });
  const logFailure = (error: Error) => log.error({ event: 'migrate.connection', err: error });
  pgPool.on('error', logFailure);
  pgPool.on('connect', (client) => client.on('error', logFailure));
  try {
    await runMigrations({ pgPool, logger: workerLogger(log) });
  } finally {
    await pgPool.end();
  }
}

async function applyOnce(
  client: Client,
  { number, text, checksum }: Migration,
  applied: ReadonlyMap<number, string>,
  log: Log,
): Promise<void> {
  const known = applied.get(number);
  if (known === checksum) return;
  if (known !== undefined) throw new MigrationError('SW_MIGRATION_EDITED', number);
  await client.query('begin');
  try {
    await client.query(text);
    await client.query('insert into switch.migration (number, checksum) values ($1, $2)', [number, checksum]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => {});
    throw new MigrationError('SW_MIGRATION_FAILED', number, { cause });
  }
  log.info({ event: 'migrate.applied', migration: number });
}

/** The migrations of this release, in order. @throws MigrationError SW_MIGRATION_ORDER */
export function readMigrations(directory = join(import.meta.dirname, 'migrations')): Migration[] {
  return readdirSync(directory)
    .sort()
    .map((name, index) => {
      const number = index + 1;
      if (name !== `${String(number).padStart(6, '0')}.sql`) {
        throw new MigrationError('SW_MIGRATION_ORDER', number);
      }
      const text = readFileSync(join(directory, name), 'utf8');
      return { number, text, checksum: createHash('sha256').update(text).digest('hex') };
    });
}
