import { Client } from 'pg';
import { afterEach, beforeEach } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { type DatabaseProxy, proxyTo } from '../../test/support/postgres-proxy.ts';
import type { Claim, NewEntry, TransactionId } from './journal.ts';
import { createJournal, type JournalSettings, type PostgresJournal } from './postgres-journal.ts';

export let database: TestDatabase;
export let admin: Client;
const proxies: DatabaseProxy[] = [];
/** Closed behind every test. */
export const openJournals = new Set<PostgresJournal>();

/** A database of its own for each test of the calling file, and everything closed behind it. */
export function useFreshDatabase(): void {
  beforeEach(async () => {
    database = await freshDatabase();
    admin = new Client({ connectionString: database.url });
    admin.on('error', () => {});
    await admin.connect();
  });

  afterEach(async () => {
    await Promise.all([...openJournals].map((journal) => journal.close()));
    openJournals.clear();
    await Promise.all(proxies.splice(0).map((each) => each.close()));
    await admin.end();
    await database.drop();
  });
}

export async function openJournal(
  node: string,
  changes: Partial<JournalSettings> = {},
): Promise<PostgresJournal> {
  const journal = await createJournal({
    databaseUrl: database.url,
    node,
    clock: systemClock,
    log: silentLog,
    maxWaiting: 10_000,
    appendDeadlineMs: 5_000,
    leaseMs: 10_000,
    onFenced() {},
    ...changes,
  });
  openJournals.add(journal);
  return journal;
}

export async function openThroughProxy(changes: Partial<JournalSettings> = {}) {
  const through = await proxyTo(database.url);
  proxies.push(through);
  return { journal: await openJournal('a', { databaseUrl: through.url, ...changes }), through };
}

export const newTransaction = (): TransactionId => timeOrderedUuid(systemClock, systemRandom);

export function intended(transaction: TransactionId, key?: string): NewEntry {
  const claims = key === undefined ? [] : [claim(key, transaction)];
  return { transaction, version: 1, kind: 'intended', body: { amount: '10.00' }, claims };
}

export function claim(key: string, transaction: TransactionId, role: Claim['role'] = 'unique'): Claim {
  return { key, fingerprint: `of ${transaction}`, role };
}

export function decided(transaction: TransactionId): NewEntry {
  return {
    transaction,
    version: 2,
    kind: 'decided',
    body: { reply: '00' },
    followUps: [{ task: 'follow', transaction, lane: 'pop' }],
  };
}

export async function count(table: string): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(`select count(*)::int as n from ${table}`);
  return rows[0]?.n ?? -1;
}

export const jobs = () => count('graphile_worker._private_jobs');
