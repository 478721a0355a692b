import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { freshDatabase } from '../../test/support/postgres.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { Alert } from '../fallback/alerts.ts';
import { PostgresFallbackRecords } from '../fallback/postgres-records.ts';
import { PostgresClockRecords } from './clock-records.ts';
import { ClockWatch } from './clock-watch.ts';
import { readinessOf } from './readiness.ts';

const DAY_MS = 86_400_000;

/** Nodes on one database, each with a clock that is ahead by so much. */
async function nodesAhead(aheadMs: Record<string, number>) {
  const database = await freshDatabase();
  const alerts = new PostgresFallbackRecords(database.url, silentLog);
  const watches = Object.entries(aheadMs).map(([node, ahead]) => {
    const clock = { ...systemClock, wall: () => systemClock.wall() + ahead };
    const records = new PostgresClockRecords(database.url, node, clock, silentLog);
    return new ClockWatch({ records, node, clock, log: silentLog, alerts, toleranceMs: 2_000 });
  });
  onTestFinished(async () => {
    await Promise.all(watches.map((watch) => watch.close()));
    await alerts.close();
    await database.drop();
  });
  return { watches, alerts };
}

test('a node that is a day behind the database is an alert, and one that agrees is none', async () => {
  const { watches, alerts } = await nodesAhead({ 'node-1': -DAY_MS, 'node-2': 0 });
  await vi.waitFor(() => expect(watches.every((watch) => watch.status())).toBe(true), 5_000);
  expect(watches[0]?.status()?.trouble).toBe('the clock of node-1 is 86400 s behind the database’s');
  await vi.waitFor(async () => expect(await alerts.list()).not.toHaveLength(0), 5_000);
  const [alert] = await alerts.list();
  expect(alert).toMatchObject({ kind: 'clock', subject: 'node-1' });
});

test('the alert closes when the clock agrees again', async () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  const reading = { aheadMs: -DAY_MS, uncertainMs: 1 };
  const records = { read: async () => reading, exchange: async () => new Map(), close: async () => {} };
  const alerts = {
    raise: async ({ kind, subject }: Alert) => void told.push(`${kind} ${subject}`),
    closeAlert: async ({ kind, subject }: Pick<Alert, 'kind' | 'subject'>, by: string) =>
      void told.push(`${kind} ${subject} closed: ${by}`),
  };
  const parts = { records, node: 'node-1', clock, log: silentLog, alerts, toleranceMs: 2_000 };
  const watch = new ClockWatch(parts);
  await clock.advance(20_000);
  reading.aheadMs = 0;
  await clock.advance(20_000);
  expect(told).toEqual(['clock node-1', 'clock node-1 closed: the clocks agree']);
  await watch.close();
});

test('two nodes that each agree with the database, and not with each other, are told as well', async () => {
  const { watches } = await nodesAhead({ 'node-1': -1_500, 'node-2': 1_500 });
  const told = () => watches.map((watch) => watch.status()?.trouble);
  await vi.waitFor(() => expect(told().join()).toContain('node-'), { timeout: 12_000 });
}, 20_000);

test('a node is ready where HSM, database and any of its networks are there', () => {
  const well = { hsm: true, database: true, networks: { visa: 'signed-on', cb: 'down' } };
  expect(readinessOf(well)).toEqual({ ready: true, notReady: [] });
  expect(readinessOf({ ...well, hsm: false }).notReady).toEqual(['the HSM gives no sign of life']);
  expect(readinessOf({ ...well, database: false }).notReady).toEqual(['the database does not answer']);
  const full = { ...well, unwritable: 'No space left on device' };
  expect(readinessOf(full).notReady).toEqual(['the journal cannot be written: No space left on device']);
  expect(readinessOf({ ...well, networks: { visa: 'down' } }).ready).toBe(false);
});
