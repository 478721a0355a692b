import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { madeCluster } from '../../test/support/made-cluster.ts';
import { migrate } from '../database/migrate.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import {
  admin,
  database,
  newTransaction,
  openJournal,
  parked,
  queue,
  queuedJobs,
  recorder,
  untilEmpty,
  withQueue,
  work,
  workers,
} from './testing.ts';

withQueue();

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

  await admin.query('alter table graphile_worker._private_jobs rename priority to gone'); // nothing can be fetched
  await vi.waitFor(async () => expect(await vouched()).not.toContain(before), { timeout: 5_000 });
  await admin.query('alter table graphile_worker._private_jobs rename gone to priority');
  await queue({});
  await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 10_000 });
  expect(await vouched()).not.toContain(before);
}, 20_000);

test('a worker outlives its database', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-outage-'));
  await madeCluster(dataDir);
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
