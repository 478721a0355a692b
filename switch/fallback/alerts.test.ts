import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { freshDatabase } from '../../test/support/postgres.ts';
import { ALERT_ACTIONS } from './alert-actions.ts';
import { PostgresFallbackRecords } from './postgres-records.ts';

async function book() {
  const database = await freshDatabase();
  const records = new PostgresFallbackRecords(database.url, silentLog);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(async () => {
    await client.end();
    await records.close();
    await database.drop();
  });
  const seen = async () =>
    (await records.list()).map(
      ({ subject, count, closedAt }) => `${subject} ${count} ${closedAt ? 'closed' : 'open'}`,
    );
  /** As if what was closed had been closed long ago. */
  const later = () => client.query("update switch.alert set closed_at = closed_at - interval '1 hour'");
  return { records, seen, later };
}

const late = (key: string) =>
  ({ key, kind: 'late-work', subject: 'follow-ups', summary: 'they wait' }) as const;

test('what is raised again a moment after it closed is the same outage, and open again', async () => {
  const { records, seen, later } = await book();
  await records.raise(late('1'));
  await records.closeAlert(late('1'), 'the work is done');
  await records.raise(late('2'));
  expect(await seen()).toEqual(['follow-ups 2 open']);
  await records.closeAlert(late('2'), 'the work is done');
  await later();
  await records.raise(late('3'));
  expect(await seen()).toEqual(['follow-ups 1 open', 'follow-ups 2 closed']);
});

test('a mode that opens and closes again and again is one alert', async () => {
  const { records, seen } = await book();
  const mode = { mode: 'journal-degraded', by: 'trend', why: 'slow' } as const;
  for (let i = 0; i < 5; i += 1) {
    await records.record({ ...mode, isOpen: true }, Date.now(), 'node-1');
    await records.record({ ...mode, isOpen: false }, Date.now(), 'node-1');
  }
  expect(await seen()).toEqual(['journal-degraded on node-1 5 closed']);
});

test('a switch and its workers that see the same outage raise one alert, which closes with the last of them', async () => {
  const { records, seen } = await book();
  const mode = { mode: 'journal-degraded', by: 'trend', why: 'slow' } as const;
  const processes = ['node-1', 'node-1.worker', 'node-1.worker.2'];
  for (const process of processes) await records.record({ ...mode, isOpen: true }, Date.now(), process);
  await records.record({ ...mode, isOpen: true }, Date.now(), 'node-2');
  await records.record({ ...mode, isOpen: false }, Date.now(), 'node-1');
  await records.record({ ...mode, isOpen: false }, Date.now(), 'node-1.worker.2');
  expect(await seen()).toEqual(['journal-degraded on node-2 1 open', 'journal-degraded on node-1 3 open']);
  await records.record({ ...mode, isOpen: false }, Date.now(), 'node-1.worker');
  expect(await seen()).toEqual(['journal-degraded on node-2 1 open', 'journal-degraded on node-1 3 closed']);
});

test('every kind of alert is a line of docs/fallback.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/fallback.md'), 'utf8');
  const lines = [...page.matchAll(/^\| `([a-z-]+)` +\|.*\|.*\|.*\|$/gm)].map(([, kind = '']) => kind);
  expect(lines).toEqual(expect.arrayContaining(Object.keys(ALERT_ACTIONS)));
});
