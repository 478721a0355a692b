import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { type RunningPostgres, startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { migrate } from '../../switch/database/migrate.ts';
import { createJournal, type PostgresJournal } from '../../switch/journal/postgres-journal.ts';
import { OptionError } from '../option-error.ts';
import { serverCpuMicroseconds } from '../process-cpu.ts';
import { DAYS, load, prepare } from './bulk.ts';
import { purchase, type StoredPurchase } from './purchase.ts';

const SIZES = [10_000, 100_000, 1_000_000, 10_000_000];
/** Where it runs among all benchmarks: the last size takes 40 GB and many minutes. */
const MAX_BESIDE_OTHERS = 100_000;
const SMALLEST = 10_000;
const WARM = 2_000;
/**
 * Of what is stored, before it is measured: after a checkpoint the first change of a page writes it whole, and keys are
 * spread over all pages of their day. Checkpoints are minutes apart; at their beginning an append costs more.
 */
const WARM_SHARE = 0.01;
const MEASURED = 20_000;
/** Each of a thousand purchases: processor time comes in hundredths of a second, and a thousand take ten of them. */
const TURNS = 20;
const IN_FLIGHT = 64;

/** A server of its own, with so many purchases stored. */
interface Place {
  readonly admin: Client;
  readonly server: RunningPostgres;
  readonly dataDir: string;
}

interface Row {
  readonly stored: number;
  readonly postgres_us: number;
  /** Of the server with 10,000 that was measured by turns with it. */
  readonly small_us: number;
  readonly ratio: number;
  readonly client_us: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly wal_per_purchase: number;
  /** Pages written whole, since they changed for the first time after a checkpoint. */
  readonly wal_images_per_purchase: number;
  readonly bytes_per_purchase: number;
}

export const HELP = `npm run bench -- growth [options]

What a purchase costs where many are stored: three entries, three claims and a projected row, 64 at a time, over
10,000 to 10,000,000 that lie in ten days. The last size takes 40 GB and many minutes.

  --max N     no more stored purchases than this  (10000000)
  --json      one JSON row a line instead of a table
  --help      this page

Example: npm run bench -- growth --max 100000`;

export const takesOptions = true;

/**
 * What a purchase costs where many are stored: three entries, three claims and a projected row, 64 at a time, over
 * 10,000 to 10,000,000 that lie in ten days. The goal is that the last size costs at most 1.15 times the first.
 * Beside each size a server with 10,000 is measured, by turns: what else the machine does meanwhile weighs on both.
 * Autovacuum is off: what it does, and when, is no part of an append.
 */
export async function run(options: { json: boolean; args?: readonly string[] }): Promise<void> {
  const max = maxOf(options.args);
  const grown = await openPlace();
  try {
    let stored = 0;
    for (const size of SIZES.filter((each) => each <= max)) {
      await grow(grown, stored, size);
      stored = size;
      print(await measureBeside(grown, size), options.json);
    }
  } finally {
    await closePlace(grown);
  }
}

async function openPlace(): Promise<Place> {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-bench-'));
  const server = await startPostgres({ dataDir, log: silentLog });
  const admin = new Client({ connectionString: server.url });
  await migrate(server.url, silentLog);
  await admin.connect();
  await prepare(admin);
  return { admin, server, dataDir };
}

async function closePlace({ admin, server, dataDir }: Place): Promise<void> {
  await admin.end().catch(() => {});
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function grow({ admin }: Place, from: number, to: number): Promise<void> {
  await load(admin, from, to, (now) => process.stderr.write(`\r${now} of ${to} stored   `));
  process.stderr.write('\r\u001b[K');
  await admin.query('vacuum (analyze) switch.journal, switch.claim, switch.projected_transaction');
}

function maxOf(args: readonly string[] | undefined): number {
  if (!args) return MAX_BESIDE_OTHERS;
  const options = { json: { type: 'boolean' as const }, max: { type: 'string' as const } };
  const { values } = parseArgs({ args: [...args], options });
  const max = Number(values.max ?? SIZES.at(-1));
  if (!(max >= 1)) throw new OptionError(`--max takes a number of stored purchases, not ${values.max}`);
  return max;
}

async function measureBeside(grown: Place, stored: number): Promise<Row> {
  const small = await openPlace();
  try {
    await grow(small, 0, SMALLEST);
    return await measure(small, grown, stored);
  } finally {
    await closePlace(small);
  }
}

async function measure(small: Place, grown: Place, stored: number): Promise<Row> {
  const journals = { small: await journalOf(small), grown: await journalOf(grown) };
  await appendMany(journals.small, made(WARM));
  await appendMany(journals.grown, made(Math.max(WARM, stored * WARM_SHARE)));
  const before = await walOf(grown.admin);
  const spent = { small: 0, grown: 0, client: 0 };
  const latencies: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    spent.small += (await cpuOf(small, journals.small, made(MEASURED / TURNS))).serverUs;
    const purchases = made(MEASURED / TURNS);
    const own = await cpuOf(grown, journals.grown, purchases);
    spent.grown += own.serverUs;
    spent.client += own.clientUs;
    latencies.push(...own.latencies);
    await project(grown.admin, purchases);
  }
  const wal = await walOf(grown.admin);
  await journals.small.close();
  await journals.grown.close();
  return {
    stored,
    postgres_us: spent.grown / MEASURED,
    small_us: spent.small / MEASURED,
    ratio: spent.grown / spent.small,
    client_us: spent.client / MEASURED,
    p50_ms: quantile(latencies, 0.5),
    p99_ms: quantile(latencies, 0.99),
    wal_per_purchase: (wal.bytes - before.bytes) / MEASURED,
    wal_images_per_purchase: (wal.images - before.images) / MEASURED,
    bytes_per_purchase: await bytesPerPurchase(grown.admin),
  };
}

function journalOf({ server }: Place): Promise<PostgresJournal> {
  const limits = { maxWaiting: 20_000, appendDeadlineMs: 10_000, leaseMs: 10_000 };
  const ports = { node: 'bench', clock: systemClock, log: silentLog, onFenced() {} };
  return createJournal({ databaseUrl: server.url, ...ports, ...limits });
}

/** Processor time of the server and of this process, in microseconds, and how long each append took. */
async function cpuOf({ server }: Place, journal: PostgresJournal, purchases: readonly StoredPurchase[]) {
  const serverBefore = serverCpuMicroseconds(server.pid);
  const clientBefore = process.cpuUsage();
  const latencies = await appendMany(journal, purchases);
  const client = process.cpuUsage(clientBefore);
  const serverUs = serverCpuMicroseconds(server.pid) - serverBefore;
  return { serverUs, clientUs: client.user + client.system, latencies };
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

function print(row: Row, json: boolean): void {
  const rounded = Object.entries(row).map(([name, value]) => [name, Math.round(value * 100) / 100] as const);
  if (json) {
    console.log(
      JSON.stringify({ case: `${row.stored} stored in ${DAYS} days`, ...Object.fromEntries(rounded) }),
    );
  } else {
    console.log(rounded.map(([name, value]) => `${name} ${value}`).join('  '));
  }
}
