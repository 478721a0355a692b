import { Client } from 'pg';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
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

// What the tests of the queue share: a database of its own for each test, with a journal that queues, what is parked,
// and the owner's connection. Workers that a test started are stopped behind it.

export let database: TestDatabase;
export let journal: PostgresJournal;
export let parked: ParkedFollowUps;
export let admin: Client;
export const workers = new Set<FollowUpWorker>();

/** For each test of the file that calls it. */
export function withQueue(): void {
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
}

export function openJournal(databaseUrl: string): Promise<PostgresJournal> {
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

export async function work(
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

export const newTransaction = () => timeOrderedUuid(systemClock, systemRandom);

/** Appends an entry with follow-ups; those of one call belong to one transaction unless they say otherwise. */
export async function queue(...followUps: Partial<FollowUp>[]): Promise<string> {
  const transaction = newTransaction();
  const complete = followUps.map((each) => ({ task: 'send', lane: 'visa', transaction, ...each }));
  const entry = { transaction, version: 1, kind: 'decided', body: {}, followUps: complete };
  expect(await journal.append(entry)).toEqual({ status: 'appended' });
  return transaction;
}

export async function queuedJobs(): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    'select count(*)::int as n from graphile_worker._private_jobs',
  );
  return rows[0]?.n ?? -1;
}

export const untilEmpty = () =>
  vi.waitFor(async () => expect(await queuedJobs()).toBe(0), { timeout: 10_000 });

/** A task that records what it was given and answers by `answer`. */
export function recorder(answer: (job: FollowUpJob) => FollowUpResult | Promise<FollowUpResult>) {
  const seen: (FollowUpJob & { at: number })[] = [];
  const task = async (job: FollowUpJob) => {
    seen.push({ ...job, at: systemClock.monotonic() });
    return answer(job);
  };
  return { seen, task };
}
