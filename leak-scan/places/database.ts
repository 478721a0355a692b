/**
 * All databases of a server, row by row, the system's own tables included: what columns hold when they are read,
 * compressed values too, which raw data hides. It is what `pg_dump` writes, and more; `pg_dump` itself is used where
 * one is installed that is as new as the server, since people take their dumps with it.
 */
import { execFile, execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { type Piece, type Place, whole } from './place.ts';

const ROWS_AT_ONCE = 5_000;
const QUERY_WITHIN_MS = 60_000;
const DUMP_BYTES = 512 * 1_024 * 1_024;
const RELATIONS = `
  select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname not like 'pg_toast%' order by 1`;

export function dumpOf(superuserUrl: string): Place {
  return {
    name: 'dump',
    async *pieces() {
      for (const database of await databasesOf(superuserUrl)) {
        yield* rowsOf(urlOf(superuserUrl, database), database);
        const dumped = await byPgDump(urlOf(superuserUrl, database));
        if (dumped) yield whole(`pg_dump of ${database}`, dumped);
      }
    },
  };
}

/** Has the server write to its files what it has in memory. */
export async function checkpoint(superuserUrl: string): Promise<void> {
  await withClient(superuserUrl, (client) => client.query('checkpoint'));
}

async function databasesOf(url: string): Promise<string[]> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ datname: string }>(
      'select datname from pg_database where datallowconn and not datistemplate order by 1',
    ),
  );
  return rows.map(({ datname }) => datname);
}

async function* rowsOf(url: string, database: string): AsyncGenerator<Piece> {
  const client = await connected(url);
  try {
    const { rows: relations } = await client.query<{ name: string }>(RELATIONS);
    for (const { name } of relations) {
      await client.query('begin');
      await client.query(`declare reading cursor for select t::text as row from ${name} t`);
      for (let from = 0; ; ) {
        const { rows } = await client.query<{ row: string }>(`fetch ${ROWS_AT_ONCE} from reading`);
        if (rows.length === 0) break;
        const bytes = Buffer.from(rows.map(({ row }) => row).join('\n'));
        yield { source: `${database} ${name}`, from, bytes, before: bytes.length };
        from += bytes.length;
      }
      await client.query('rollback');
    }
  } finally {
    await client.end();
  }
}

async function byPgDump(url: string): Promise<Buffer | undefined> {
  const program = await withClient(url, async (client) => {
    const { rows } = await client.query<{ version: string }>(
      "select current_setting('server_version_num') as version",
    );
    return pgDumpFor(Math.floor(Number(rows[0]?.version) / 10_000));
  });
  if (program === undefined) return undefined;
  const options = { maxBuffer: DUMP_BYTES, encoding: 'buffer' } as const;
  const { stdout } = await promisify(execFile)(program, ['--dbname', url, '--format=plain'], options);
  return stdout;
}

/** The `pg_dump` of the path or of Debian's folders that is no older than the server; nothing where there is none. */
function pgDumpFor(major: number): string | undefined {
  return ['pg_dump', ...debians()].find((program) => {
    try {
      const said = execFileSync(program, ['--version'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return Number(/ (\d+)/.exec(said)?.[1]) >= major;
    } catch {
      return false; // it is not there
    }
  });
}

function debians(): string[] {
  const root = '/usr/lib/postgresql';
  try {
    return readdirSync(root).map((version) => join(root, version, 'bin/pg_dump'));
  } catch {
    return [];
  }
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connected(url);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({
    connectionString,
    query_timeout: QUERY_WITHIN_MS,
    application_name: 'leak-scan',
  });
  client.on('error', () => {}); // whatever asks next hears of it
  await client.connect();
  return client;
}

function urlOf(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}
