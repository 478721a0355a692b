import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { migrate } from '../../switch/database/migrate.ts';
import { createJournal, type PostgresJournal } from '../../switch/journal/postgres-journal.ts';
import { serverCpuMicroseconds } from '../process-cpu.ts';
import { DAYS, load, prepare } from './bulk.ts';
import { purchase, type StoredPurchase } from './purchase.ts';

const SIZES = [10_000, 100_000, 1_000_000, 10_000_000];
/** Where it runs among all benchmarks: the last size takes 40 GB and many minutes. */
const MAX_BESIDE_OTHERS = 100_000;
const WARM = 2_000;
const MEASURED = 10_000;
const IN_FLIGHT = 64;

interface Place {
  readonly admin: Client;
  readonly journal: PostgresJournal;
  readonly server: number;
}

interface Row {
  readonly stored: number;
  readonly postgres_us: number;
  readonly client_us: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly wal_per_purchase: number;
  /** Pages written whole, since they changed for the first time after a checkpoint. */
  readonly wal_images_per_purchase: number;
  readonly bytes_per_purchase: number;
}

/**
 * What a purchase costs where many are stored: three entries, three claims and a projected row, 64 at a time, over
 * 10,000 to 10,000,000 that lie in ten days. The goal is that the last size costs at most 1.15 times the first.
 * Autovacuum is off meanwhile: what it does, and when, is no part of an append.
 */
export async function run(options: { json: boolean; args?: readonly string[] }): Promise<void> {
  const max = maxOf(options.args);
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-bench-'));
  const server = await startPostgres({ dataDir, log: silentLog });
  const admin = new Client({ connectionString: server.url });
  try {
    await migrate(server.url, silentLog);
    await admin.connect();
    await prepare(admin);
    await measureAll({ admin, server: server.pid }, server.url, max, options.json);
  } finally {
    await admin.end().catch(() => {});
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function maxOf(args: readonly string[] | undefined): number {
  if (!args) return MAX_BESIDE_OTHERS;
  const options = { json: { type: 'boolean' as const }, max: { type: 'string' as const } };
  const { values } = parseArgs({ args: [...args], options });
  const max = Number(values.max ?? SIZES.at(-1));
  if (!(max >= 1)) throw new Error(`--max takes a number of stored purchases, not ${values.max}`);
  return max;
}

async function measureAll(
  around: Pick<Place, 'admin' | 'server'>,
  databaseUrl: string,
  max: number,
  json: boolean,
): Promise<void> {
  let stored = 0;
  let first: Row | undefined;
  for (const size of SIZES.filter((each) => each <= max)) {
    await load(around.admin, stored, size, (now) => process.stderr.write(`\r${now} of ${size} stored   `));
    process.stderr.write('\r\u001b[K');
    stored = size;
    await around.admin.query('vacuum (analyze) switch.journal, switch.claim, switch.projected_transaction');
    const limits = { maxWaiting: 20_000, appendDeadlineMs: 10_000, leaseMs: 10_000 };
    const ports = { node: 'bench', clock: systemClock, log: silentLog, onFenced() {} };
    const journal = await createJournal({ databaseUrl, ...ports, ...limits });
    const row = await measure({ ...around, journal }, size);
    await journal.close();
    first ??= row;
    print(row, first, json);
  }
}

async function measure(place: Place, stored: number): Promise<Row> {
  const { admin, journal, server } = place;
  await appendMany(journal, made(WARM));
  const purchases = made(MEASURED);
  const before = {
    server: serverCpuMicroseconds(server),
    client: process.cpuUsage(),
    wal: await walOf(admin),
  };
  const latencies = await appendMany(journal, purchases);
  const client = process.cpuUsage(before.client);
  const serverUs = serverCpuMicroseconds(server) - before.server;
  await project(admin, purchases);
  const wal = await walOf(admin);
  return {
    stored,
    postgres_us: serverUs / MEASURED,
    client_us: (client.user + client.system) / MEASURED,
    p50_ms: quantile(latencies, 0.5),
    p99_ms: quantile(latencies, 0.99),
    wal_per_purchase: (wal.bytes - before.wal.bytes) / MEASURED,
    wal_images_per_purchase: (wal.images - before.wal.images) / MEASURED,
    bytes_per_purchase: await bytesPerPurchase(admin),
  };
}

function made(count: number): StoredPurchase[] {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(4, 14);
  return Array.from({ length: count }, () => purchase(timeOrderedUuid(systemClock, systemRandom), stamp));
}

/** @returns how long each append took, in milliseconds */
async function appendMany(journal: PostgresJournal, purchases: readonly StoredPurchase[]): Promise<number[]> {
  const latencies: number[] = [];
  let next = 0;
  const loop = async () => {
    for (let one = purchases[next++]; one; one = purchases[next++]) {
      for (const entry of one.entries) {
        const from = performance.now();
        const { status } = await journal.append(entry);
        if (status !== 'appended') throw new Error(`an append was ${status}`);
        latencies.push(performance.now() - from);
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
  return latencies;
}

/** In sets, as the projector does. */
async function project(admin: Client, purchases: readonly StoredPurchase[]): Promise<void> {
  const columns = Object.keys(purchases[0]?.row ?? {}).join(', ');
  for (let from = 0; from < purchases.length; from += 500) {
    const rows = purchases.slice(from, from + 500).map(({ row }) => row);
    await admin.query(
      `insert into switch.projected_transaction (${columns})
        select ${columns} from json_populate_recordset(null::switch.projected_transaction, $1)`,
      [JSON.stringify(rows)],
    );
  }
}

async function walOf(admin: Client): Promise<{ bytes: number; images: number }> {
  const { rows } = await admin.query<{ bytes: number; images: number }>(
    `select (pg_current_wal_insert_lsn() - '0/0')::double precision as bytes, w.wal_fpi::double precision as images
      from pg_stat_wal w, pg_stat_force_next_flush()`,
  );
  return rows[0] ?? { bytes: Number.NaN, images: Number.NaN };
}

async function bytesPerPurchase(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ bytes: number }>(`
    select sum(pg_total_relation_size(t.relid))::double precision
        / (select count(*) from switch.projected_transaction) as bytes
      from (values ('switch.journal'), ('switch.claim'), ('switch.projected_transaction')) n (name)
      cross join pg_partition_tree(n.name::regclass) t`);
  return rows[0]?.bytes ?? Number.NaN;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function print(row: Row, first: Row, json: boolean): void {
  const rounded = Object.entries(row).map(([name, value]) => [name, Math.round(value * 100) / 100] as const);
  const ratio = Math.round((row.postgres_us / first.postgres_us) * 100) / 100;
  if (json) {
    console.log(
      JSON.stringify({ case: `${row.stored} stored in ${DAYS} days`, ...Object.fromEntries(rounded), ratio }),
    );
  } else {
    console.log(`${rounded.map(([name, value]) => `${name} ${value}`).join('  ')}  ratio ${ratio}`);
  }
}
