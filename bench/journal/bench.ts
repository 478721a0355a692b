import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { migrate } from '../../switch/database/migrate.ts';
import { type FollowUpJob, type FollowUpResult, startFollowUpWorker } from '../../switch/follow-up/queue.ts';
import type { NewEntry } from '../../switch/journal/journal.ts';
import { createJournal, type PostgresJournal } from '../../switch/journal/postgres-journal.ts';
import { serverCpuMicroseconds } from '../process-cpu.ts';

const PURCHASES = 20_000;
const IN_FLIGHT = 64;
const QUEUED = 10_000;
const LIVE_RATE = 300;
const LIVE_SECONDS = 5;
const LANES = ['network/visa', 'pop'];

interface Place {
  readonly databaseUrl: string;
  readonly journal: PostgresJournal;
  /** What the whole server used while `work` ran, in microseconds, and how long that took, in seconds. */
  measure(work: () => Promise<void>): Promise<{ cpuUs: number; seconds: number }>;
}

interface Row {
  readonly case: string;
  readonly ours: number;
  readonly bare?: number;
  readonly unit: string;
}

export const HELP = `npm run bench -- journal [options]

What PostgreSQL spends on a purchase, its two entries and its follow-up, beside a bare insert of the same rows; how
long 10,000 follow-ups take to be worked off, and what live appends notice of that.

  --json      one JSON row a line instead of a table
  --help      this page

Example: npm run bench -- journal --json`;

/**
 * What PostgreSQL spends on a purchase: its two entries and its follow-up, beside a bare insert of the same rows; how
 * long 10,000 follow-ups take to be worked off, and what live appends notice of that.
 */
export async function run({ json }: { json: boolean }): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-bench-'));
  const server = await startPostgres({ dataDir, log: silentLog });
  try {
    await migrate(server.url, silentLog);
    const limits = { maxWaiting: 20_000, appendDeadlineMs: 10_000, leaseMs: 10_000 };
    const around = { node: 'bench', clock: systemClock, log: silentLog, onFenced() {} };
    const journal = await createJournal({ databaseUrl: server.url, ...around, ...limits });
    const measure: Place['measure'] = async (work) => {
      const cpuBefore = serverCpuMicroseconds(server.pid);
      const from = performance.now();
      await work();
      const seconds = (performance.now() - from) / 1_000;
      return { cpuUs: serverCpuMicroseconds(server.pid) - cpuBefore, seconds };
    };
    const place = { databaseUrl: server.url, journal, measure };
    for (const measured of [appends, workedOff, drain]) {
      for (const row of await measured(place)) print(row, json);
    }
    await journal.close();
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function appends(place: Place): Promise<Row[]> {
  const { journal, measure } = place;
  await many(2_000, () => purchase(journal, 0)); // warms plans and caches
  const bare = await bareInserts(place);
  const rows: Row[] = [];
  for (const followUps of [0, 1]) {
    const { cpuUs } = await measure(() => many(PURCHASES, () => purchase(journal, followUps)));
    const name = `a purchase, two entries, three claims, follow-ups: ${followUps}`;
    rows.push({ case: name, ours: cpuUs / PURCHASES, bare, unit: 'µs of PostgreSQL' });
  }
  return rows;
}

/** The same rows in the same batches into plain tables with the same keys. */
async function bareInserts({ databaseUrl, measure }: Place): Promise<number> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`
    create table public.bare (transaction uuid, version integer, at timestamptz, body json, primary key (transaction, version));
    create table public.bare_key (key text primary key, transaction uuid)`);
  const { cpuUs } = await measure(async () => {
    for (let done = 0; done < PURCHASES; done += IN_FLIGHT) {
      const ids = Array.from({ length: IN_FLIGHT }, newTransaction);
      const keys = ids.flatMap(() => [randomKey(), randomKey(), randomKey()]);
      const owners = ids.flatMap((id) => [id, id, id]);
      for (const version of [1, 2]) {
        const entries = 'insert into bare select id, $2, now(), $3::json from unnest($1::uuid[]) id';
        await client.query({ name: 'bare', text: entries, values: [ids, version, JSON.stringify(BODY)] });
      }
      const claims = 'insert into bare_key select * from unnest($1::text[], $2::uuid[])';
      await client.query({ name: 'bare-key', text: claims, values: [keys, owners] });
    }
  });
  await client.end();
  return cpuUs / PURCHASES;
}

type Task = (job: FollowUpJob) => Promise<FollowUpResult>;

async function workedOff(place: Place): Promise<Row[]> {
  const recorded = recordedIn(place.journal);
  const tasks: [string, Task][] = [
    ['that does nothing', async () => ({ done: true })],
    ['that reads and appends', recorded],
    [
      'that is put off once, then reads and appends',
      (job) => (job.attempt === 1 ? Promise.resolve({ retryAfterMs: 50 }) : recorded(job)),
    ],
  ];
  const rows: Row[] = [];
  for (const [name, task] of tasks) {
    await withoutQueue(place);
    await many(QUEUED, (i) => queueOne(place.journal, i));
    const { cpuUs } = await measureDrain(place, task);
    rows.push({ case: `a follow-up ${name}`, ours: cpuUs / QUEUED, unit: 'µs of PostgreSQL' });
  }
  return rows;
}

async function drain(place: Place): Promise<Row[]> {
  await withoutQueue(place);
  const quiet = await live(place.journal);
  await many(QUEUED, (i) => queueOne(place.journal, i));
  let isOver = false;
  const busy: number[] = [];
  const traffic = (async () => {
    while (!isOver) busy.push(...(await live(place.journal, 0.5)));
  })();
  const { seconds } = await measureDrain(place, recordedIn(place.journal));
  isOver = true;
  await traffic;
  const unit = `ms an append at ${LIVE_RATE} purchases/s`;
  return [
    { case: `${QUEUED} follow-ups worked off beside live traffic`, ours: seconds, unit: 's' },
    { case: 'median meanwhile', ours: quantile(busy, 0.5), bare: quantile(quiet, 0.5), unit },
    { case: '99th percentile meanwhile', ours: quantile(busy, 0.99), bare: quantile(quiet, 0.99), unit },
  ];
}

async function measureDrain(
  { databaseUrl, measure }: Place,
  task: Task,
): Promise<{ cpuUs: number; seconds: number }> {
  const drained = Promise.withResolvers<void>();
  let done = 0;
  const counted: Task = async (job) => {
    const result = await task(job);
    if ('done' in result && ++done === QUEUED) drained.resolve();
    return result;
  };
  return measure(async () => {
    const worker = await startFollowUpWorker({
      databaseUrl,
      node: 'bench',
      tasks: { work: counted },
      lanes: LANES,
      clock: systemClock,
      log: silentLog,
      concurrency: 16,
    });
    await drained.promise;
    await worker.stop();
  });
}

/** Purchases at a steady rate; how long each append took, in milliseconds. */
async function live(journal: PostgresJournal, seconds = LIVE_SECONDS): Promise<number[]> {
  const latencies: number[] = [];
  const timed = async (entry: NewEntry) => {
    const from = performance.now();
    await journal.append(entry);
    latencies.push(performance.now() - from);
  };
  const from = performance.now();
  const running: Promise<void>[] = [];
  for (let i = 0; i < LIVE_RATE * seconds; i += 1) {
    const dueInMs = from + (i * 1_000) / LIVE_RATE - performance.now();
    if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs));
    running.push(purchase({ append: timed }, 0));
  }
  await Promise.all(running);
  return latencies;
}

/** A task that does what most do: reads the transaction, and appends what became of it. */
function recordedIn(journal: PostgresJournal): Task {
  return async ({ transaction }) => {
    const history = await journal.history(transaction);
    const version = (history.at(-1)?.version ?? 0) + 1;
    await journal.append({
      transaction,
      version,
      kind: 'network-reversed',
      body: { code: '00', attempts: 1 },
    });
    return { done: true };
  };
}

const newTransaction = () => timeOrderedUuid(systemClock, systemRandom);
const randomKey = () => `terminals-ascii|0100|TERM0001|MERCHANT0000001|${randomBytes(12).toString('hex')}`;
/** As large as what the switch writes. */
const BODY = { facts: { amount: { minorUnits: 2_500, currency: '978' }, rest: 'x'.repeat(600) } };

async function purchase(
  journal: { append(entry: NewEntry): Promise<unknown> },
  followUps: number,
): Promise<void> {
  const transaction = newTransaction();
  const claims = (['unique', 'unique', 'alias'] as const).map((role) => ({
    key: randomKey(),
    fingerprint: 'f',
    role,
  }));
  await journal.append({ transaction, version: 1, kind: 'intended', body: BODY, claims });
  await decide(journal, transaction, 'pop', followUps);
}

async function queueOne(journal: PostgresJournal, i: number): Promise<void> {
  const transaction = newTransaction();
  await journal.append({ transaction, version: 1, kind: 'intended', body: BODY });
  await decide(journal, transaction, LANES[i % LANES.length] ?? '', 1);
}

async function decide(
  journal: { append(entry: NewEntry): Promise<unknown> },
  transaction: string,
  lane: string,
  followUps: number,
): Promise<void> {
  const followUp = { task: 'work', transaction, lane };
  const jobs = Array.from({ length: followUps }, () => followUp);
  await journal.append({ transaction, version: 2, kind: 'decided', body: BODY, followUps: jobs });
}

async function many(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const loop = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
}

async function withoutQueue({ databaseUrl }: Place): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('delete from graphile_worker._private_jobs');
  await client.query('vacuum analyze');
  await client.end();
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function print({ case: name, ours, bare, unit }: Row, json: boolean): void {
  const ratio = bare === undefined ? {} : { bare: round(bare), ratio: round(ours / bare) };
  if (json) console.log(JSON.stringify({ case: name, unit, ours: round(ours), ...ratio }));
  else {
    const beside = bare === undefined ? '' : `  ${round(ours / bare)} times ${round(bare)}`;
    console.log(`${name.padEnd(64)} ${String(round(ours)).padStart(9)} ${unit}${beside}`);
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
