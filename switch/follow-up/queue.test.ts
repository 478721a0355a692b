import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { migrate } from '../database/migrate.ts';
import type { FollowUp } from '../journal/journal.ts';
import { createJournal, type PostgresJournal } from '../journal/postgres-journal.ts';
import {
  type FollowUpJob,
  type FollowUpResult,
  type FollowUpWorker,
  type FollowUpWorkerSettings,
  startFollowUpWorker,
} from './queue.ts';
import { ParkedFollowUps } from './queue-parked.ts';

let database: TestDatabase;
let journal: PostgresJournal;
let parked: ParkedFollowUps;
let admin: Client;
const workers = new Set<FollowUpWorker>();

beforeEach(async () => {
  database = await freshDatabase();
  admin = new Client({ connectionString: database.url });
  admin.on('error', () => {});
  await admin.connect();
  journal = await openJournal(database.url);
  parked = new ParkedFollowUps(database.url, silentLog);
});

afterEach(async () => {
  await Promise.all([...workers].map((worker) => worker.stop()));
  workers.clear();
  await Promise.all([journal.close(), parked.close(), admin.end()]);
  await database.drop();
});

function openJournal(databaseUrl: string): Promise<PostgresJournal> {
  const limits = { maxWaiting: 5_000, appendDeadlineMs: 5_000, leaseMs: 10_000 };
  return createJournal({
    databaseUrl,
    node: 'a',
    clock: systemClock,
    log: silentLog,
    onFenced() {},
    ...limits,
  });
}

async function work(
  tasks: FollowUpWorkerSettings['tasks'],
  changes: Partial<FollowUpWorkerSettings> = {},
): Promise<FollowUpWorker> {
  const worker = await startFollowUpWorker({
    databaseUrl: database.url,
    node: 'a',
    tasks,
    clock: systemClock,
    log: silentLog,
    lanes: ['visa', 'pop', 'slow', 'quick'],
    concurrency: 8,
    pollMs: 50,
    ...changes,
  });
  workers.add(worker);
  return worker;
}

const newTransaction = () => timeOrderedUuid(systemClock, systemRandom);

/** Appends an entry with follow-ups; those of one call belong to one transaction unless they say otherwise. */
async function queue(...followUps: Partial<FollowUp>[]): Promise<string> {
  const transaction = newTransaction();
  const complete = followUps.map((each) => ({ task: 'send', lane: 'visa', transaction, ...each }));
  const entry = { transaction, version: 1, kind: 'decided', body: {}, followUps: complete };
  expect(await journal.append(entry)).toEqual({ status: 'appended' });
  return transaction;
}

async function queuedJobs(): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    'select count(*)::int as n from graphile_worker._private_jobs',
  );
  return rows[0]?.n ?? -1;
}

const untilEmpty = () => vi.waitFor(async () => expect(await queuedJobs()).toBe(0), { timeout: 10_000 });

/** A task that records what it was given and answers by `answer`. */
function recorder(answer: (job: FollowUpJob) => FollowUpResult | Promise<FollowUpResult>) {
  const seen: (FollowUpJob & { at: number })[] = [];
  const task = async (job: FollowUpJob) => {
    seen.push({ ...job, at: systemClock.monotonic() });
    return answer(job);
  };
  return { seen, task };
}

test('a follow-up is done once, soon after its commit', async () => {
  const { seen, task } = recorder(() => ({ done: true }));
  await work({ send: task }, { lanes: ['visa'], pollMs: 3_600_000 }); // only the announcement can wake it
  await vi.waitFor(async () => {
    const { rows } = await admin.query("select from pg_stat_activity where query like 'LISTEN%'");
    expect(rows).not.toHaveLength(0);
  });
  const transaction = await queue({});
  await untilEmpty();
  expect(seen).toMatchObject([{ transaction, attempt: 1, lane: 'visa' }]);
});

test('a retry comes no sooner than asked, as the next attempt', async () => {
  const { seen, task } = recorder(({ attempt }) =>
    attempt < 3 ? { retryAfterMs: 150 * attempt } : { done: true },
  );
  await work({ send: task });
  await queue({ attempt: 1 });
  await vi.waitFor(() => expect(seen).toHaveLength(3), { timeout: 10_000 });
  await untilEmpty();
  expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  const [first, second, third] = seen.map(({ at }) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(149);
  expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(299);
});

test('a delayed follow-up waits for its time', async () => {
  const { seen, task } = recorder(() => ({ done: true }));
  await work({ send: task });
  const queuedAt = systemClock.monotonic();
  await queue({ runAfterMs: 300 });
  await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 10_000 });
  expect((seen[0]?.at ?? 0) - queuedAt).toBeGreaterThanOrEqual(299);
});

test('follow-ups of one transaction and lane run in order, though the first has to be tried again', async () => {
  const order: string[] = [];
  const record = (name: string, again: (attempt: number) => boolean) => async (job: FollowUpJob) => {
    order.push(`${name} ${job.lane} ${job.attempt}`);
    return job.lane === 'visa' && again(job.attempt) ? { retryAfterMs: 120 } : ({ done: true } as const);
  };
  const otherLaneWaits = () => !order.includes('first pop 1');
  await work({
    first: record('first', (attempt) => attempt < 3 || otherLaneWaits()),
    second: record('second', (attempt) => attempt < 2),
    third: record('third', () => false),
  });
  const transaction = await queue({ task: 'first' }, { task: 'second' }, { task: 'first', lane: 'pop' });
  await queue({ task: 'third', transaction });
  await untilEmpty();
  const inLane = order.filter((line) => line.includes('visa'));
  const firsts = inLane.filter((line) => line.startsWith('first'));
  expect(firsts).toEqual(firsts.map((_, index) => `first visa ${index + 1}`));
  expect(inLane).toEqual([...firsts, 'second visa 1', 'second visa 2', 'third visa 1']);
  expect(firsts.length).toBeGreaterThanOrEqual(3);
});

test('many transactions run side by side', async () => {
  let active = 0;
  let most = 0;
  const release = Promise.withResolvers<void>();
  const { seen, task } = recorder(async () => {
    active += 1;
    most = Math.max(most, active);
    if (active >= 4) release.resolve();
    await release.promise;
    active -= 1;
    return { done: true };
  });
  await work({ send: task }, { concurrency: 4 });
  await Promise.all(Array.from({ length: 40 }, () => queue({})));
  await untilEmpty();
  expect(most).toBe(4);
  expect(new Set(seen.map(({ transaction }) => transaction)).size).toBe(40);
});

test('a lane that hangs leaves room for the others', async () => {
  const hang = Promise.withResolvers<FollowUpResult>();
  const slow = recorder(() => hang.promise);
  const quick = recorder(() => ({ done: true }));
  await work({ slow: slow.task, quick: quick.task }, { concurrency: 2 });
  await Promise.all(Array.from({ length: 12 }, () => queue({ task: 'slow', lane: 'slow' })));
  await vi.waitFor(() => expect(slow.seen).toHaveLength(2));
  await Promise.all(Array.from({ length: 12 }, () => queue({ task: 'quick', lane: 'quick' })));
  await vi.waitFor(() => expect(quick.seen).toHaveLength(12), { timeout: 10_000 });
  expect(slow.seen).toHaveLength(2);
  hang.resolve({ done: true });
  await untilEmpty();
  expect(slow.seen).toHaveLength(12);
});

test('a long queue is worked off, each follow-up once, while appends go on and another lane hangs', async () => {
  const QUEUED = 1_000;
  const hang = Promise.withResolvers<FollowUpResult>();
  const { seen, task } = recorder(({ attempt }) => (attempt === 1 ? { retryAfterMs: 10 } : { done: true }));
  await Promise.all(
    Array.from({ length: QUEUED }, () => queue({ lane: 'pop' }, { task: 'hang', lane: 'slow' })),
  );
  await work({ send: task, hang: () => hang.promise });
  while (seen.length < 2 * QUEUED) {
    await Promise.all(Array.from({ length: 20 }, () => queue({ task: 'none' })));
  }
  expect(new Set(seen.map(({ transaction, attempt }) => `${transaction} ${attempt}`)).size).toBe(2 * QUEUED);
  hang.resolve({ done: true });
  const left = async () => {
    const { rows } = await admin.query<{ n: number }>(
      "select count(*)::int as n from graphile_worker._private_jobs where payload ->> 'lane' <> 'visa'",
    );
    return rows[0]?.n;
  };
  await vi.waitFor(async () => expect(await left()).toBe(0), { timeout: 10_000 });
  expect(seen).toHaveLength(2 * QUEUED);
});

test('a parked follow-up is seen, holds back those behind it, and runs when replayed', async () => {
  let isMended = false;
  const order: string[] = [];
  const task = (name: string) => async (): Promise<FollowUpResult> => {
    order.push(name);
    return name === 'first' && !isMended ? { park: 'the link refuses it' } : { done: true };
  };
  await work({ first: task('first'), second: task('second') });
  const transaction = await queue({ task: 'first' }, { task: 'second' });
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(2), { timeout: 10_000 });
  const [first, second] = await parked.list();
  expect(first).toMatchObject({
    transaction,
    lane: 'visa',
    task: 'first',
    attempt: 1,
    reason: 'the link refuses it',
  });
  expect(second?.reason).toBe(`behind parked follow-up ${first?.position}`);
  expect(order).toEqual(['first']);
  isMended = true;
  expect(await parked.replay(first?.position ?? 0)).toBe(2);
  await untilEmpty();
  expect(order).toEqual(['first', 'first', 'second']);
  expect(await parked.list()).toEqual([]);
  expect(await parked.replay(first?.position ?? 0)).toBe(0);
});

test('a follow-up passes by a parked one that it need not wait for', async () => {
  const order: string[] = [];
  const task = (name: string) => async (): Promise<FollowUpResult> => {
    order.push(name);
    return order.length === 1 ? { park: 'the network refuses it' } : { done: true };
  };
  await work({ 'reverse-network': task('reverse'), 'advise-network': task('advise') });
  const transaction = await queue({ task: 'reverse-network' });
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(1), { timeout: 10_000 });
  await journal.append({
    ...{ transaction, version: 2, kind: 'taken-back', body: {} },
    followUps: [{ task: 'reverse-network', lane: 'visa', transaction }],
  });
  await untilEmpty();
  expect(order).toEqual(['reverse', 'reverse']);
  expect(await parked.list()).toHaveLength(1);
});

test('a reversal waits behind a parked advice: the network must hear of the approval first', async () => {
  const advise = async (): Promise<FollowUpResult> => ({ park: 'no answer' });
  const { seen, task } = recorder(() => ({ done: true }));
  await work({ 'advise-network': advise, 'reverse-network': task });
  await queue({ task: 'advise-network' }, { task: 'reverse-network' });
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(2), { timeout: 10_000 });
  expect(seen).toEqual([]);
});

test('what is parked is counted and replayed in bulk, begun one after the other', async () => {
  let isAway = true;
  const { seen, task } = recorder(() => (isAway ? { park: 'no answer' } : { done: true }));
  await work({ send: task, other: async () => ({ park: 'refused' }) });
  for (let n = 0; n < 20; n += 1) await queue({}, {});
  await queue({ task: 'other', lane: 'pop' });
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(41), { timeout: 10_000 });
  const groups = await parked.groups({ lane: 'visa', reason: 'no answer' });
  expect(groups).toMatchObject([{ lane: 'visa', task: 'send', reason: 'no answer', count: 20 }]);

  isAway = false;
  seen.length = 0;
  expect(await parked.replayAll({ lane: 'visa' }, 10)).toBe(40);
  await untilEmpty();
  expect(seen).toHaveLength(40);
  expect((seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThan(250);
  expect(await parked.list()).toMatchObject([{ task: 'other' }]);
});

test('what is parked again while it is replayed is left, and replayed from its second attempt on', async () => {
  const { seen, task } = recorder(({ attempt }) =>
    attempt % 3 === 0 ? { park: 'the last attempt' } : { retryAfterMs: 1 },
  );
  await work({ send: task });
  await queue({});
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(1), { timeout: 10_000 });
  expect(await parked.replayAll({}, 0)).toBe(1);
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(1), { timeout: 10_000 });
  expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 2, 3]);
  const { rows } = await admin.query('select key from switch.alert');
  expect(rows).toHaveLength(2);
});

test('a task that throws is tried again', async () => {
  const { seen, task } = recorder(({ attempt }) => {
    if (attempt === 1) throw new Error('unforeseen');
    return { done: true };
  });
  await work({ send: task });
  await queue({});
  await untilEmpty();
  expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
});

test('a task that always throws is parked in the end', async () => {
  const { task } = recorder(() => {
    throw new Error('unforeseen');
  });
  await work({ send: task });
  await queue({ runAfterMs: 100 });
  await admin.query(`update graphile_worker._private_jobs
    set payload = (payload::jsonb || '{"throws": 49}')::json`);
  await vi.waitFor(
    async () => expect(await parked.list()).toMatchObject([{ reason: 'threw 50 times in a row' }]),
    { timeout: 5_000 },
  );
  await untilEmpty();
});

test('a follow-up that was begun twenty times and never ended is parked', async () => {
  await queue({});
  await admin.query('update graphile_worker._private_jobs set attempts = 20');
  const { seen, task } = recorder(() => ({ done: true }));
  await work({ send: task });
  await vi.waitFor(async () =>
    expect(await parked.list()).toMatchObject([{ reason: expect.stringMatching(/begun 20/) }]),
  );
  expect(seen).toEqual([]);
});

test('a follow-up without a task here stays queued', async () => {
  const { seen, task } = recorder(() => ({ done: true }));
  await work({ send: task });
  await queue({ task: 'another' });
  await queue({});
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  await vi.waitFor(async () => expect(await queuedJobs()).toBe(1));
});

test('stopping waits for what runs and begins nothing more', async () => {
  const end = Promise.withResolvers<FollowUpResult>();
  const { seen, task } = recorder(() => end.promise);
  const worker = await work({ send: task }, { concurrency: 1 });
  await queue({});
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  await queue({});
  const stopped = worker.stop();
  workers.delete(worker);
  end.resolve({ done: true });
  await stopped;
  expect(seen).toHaveLength(1);
  expect(await queuedJobs()).toBe(1);
  const { rows } = await admin.query('select from switch.follow_up_worker');
  expect(rows).toEqual([]);
});

test.each([
  ['a killed process are taken over after its lease', 'b', 400],
  ["the node's own killed process are taken over at once", 'a', 3_600_000],
])('the jobs of %s', async (_, node, leaseMs) => {
  const transaction = await queue({ task: 'hang' });
  const program = join(import.meta.dirname, '../../test/support/postgres-follow-up-process.ts');
  const child = fork(program, [database.url, node]);
  await new Promise((resolve) => child.once('message', resolve));
  await vi.waitFor(async () => {
    const { rows } = await admin.query('select from switch.follow_up_worker');
    expect(rows).toHaveLength(1);
  });
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  const { seen, task } = recorder(() => ({ done: true }));
  await work({ hang: task }, { leaseMs });
  await untilEmpty();
  expect(seen).toMatchObject([{ transaction, attempt: 1 }]);
});

test('a lane that cannot fetch is vouched for by nobody, and is rebuilt once it can', async () => {
  const { seen, task } = recorder(() => ({ done: true }));
  await work({ send: task }, { lanes: ['visa'], silentMs: 600, leaseMs: 400 });
  const vouched = async () => {
    const { rows } = await admin.query<{ pool: string }>('select pool from switch.follow_up_worker');
    return rows.map(({ pool }) => pool);
  };
  await vi.waitFor(async () => expect(await vouched()).toHaveLength(1), { timeout: 5_000 });
  const [before] = await vouched();

  await admin.query('alter table graphile_worker._private_jobs rename to gone'); // nothing can be fetched
  await vi.waitFor(async () => expect(await vouched()).not.toContain(before), { timeout: 5_000 });
  await admin.query('alter table graphile_worker.gone rename to _private_jobs');
  await queue({});
  await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 10_000 });
  expect(await vouched()).not.toContain(before);
}, 20_000);

test('a worker outlives its database', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-outage-'));
  let server = await startPostgres({ dataDir, log: silentLog });
  const port = Number(new URL(server.url).port);
  await migrate(server.url, silentLog);
  const { seen, task } = recorder(({ attempt }) => (attempt === 1 ? { retryAfterMs: 50 } : { done: true }));
  const worker = await work({ send: task }, { databaseUrl: server.url });
  const own = await openJournal(server.url);
  try {
    const append = () => {
      const transaction = newTransaction();
      const followUps = [{ task: 'send', lane: 'visa', transaction }];
      return own.append({ transaction, version: 1, kind: 'decided', body: {}, followUps });
    };
    await append();
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    await server.stop();
    server = await startPostgres({ dataDir, port, log: silentLog });
    expect(await append()).toEqual({ status: 'appended' });
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(4), { timeout: 15_000 });
    expect(new Set(seen.map(({ transaction }) => transaction)).size).toBe(2);
  } finally {
    await worker.stop();
    workers.delete(worker);
    await own.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
