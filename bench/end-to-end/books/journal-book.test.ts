import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import {
  silentLog,
  systemClock,
  systemRandom,
  timeOrderedUuid,
  uuidBoundOf,
} from '../../../runtime/index.ts';
import { ProjectionReader } from '../../../switch/projection/projection-reader.ts';
import {
  decided,
  journalSteps,
  journalTransaction,
  opening,
  testJournal,
  testProjector,
} from '../../../switch/projection/testing.ts';
import { freshDatabase } from '../../../test/support/postgres.ts';
import { isDrained, leftToDo } from './journal-book.ts';

test('what is done is drained beside a reversal that matches nothing, and one payment that is missing shows', async () => {
  const database = await freshDatabase();
  const journal = await testJournal(database.url);
  const ports = { clock: systemClock, log: silentLog, readDeadlineMs: 10_000 };
  const reader = new ProjectionReader({ databaseUrl: database.url, ...ports });
  const projector = testProjector(database.url);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(async () => {
    await client.end();
    await reader.close();
    await journal.close();
    await database.drop();
  });
  const since = uuidBoundOf(systemClock.wall() - 60_000);

  const reply = { code: '51' };
  const refused = decided(false, { pop: { status: 'not-applicable' } });
  await journalTransaction(journal, { enrolled: false }, refused);
  const remembered = { key: 'k', reply, terminal: 'TERM0001', listener: 'terminals-ascii', rrn: '1' };
  const transaction = timeOrderedUuid(systemClock, systemRandom);
  await journalSteps(journal, transaction, [{ kind: 'remembered', body: remembered }]);
  expect(await reader.reach(systemClock.monotonic() + 15_000)).toBe(true);
  expect(await leftToDo(client, since)).toEqual({ queued: 0, open: 0, unprojected: 0 });
  expect(await isDrained(client, since)).toBe(true);

  await projector.stop();
  const body = opening();
  await journalSteps(journal, body.facts.transaction, [{ kind: 'intended', body }]);
  expect(await leftToDo(client, since)).toEqual({ queued: 0, open: 0, unprojected: 1 });
  expect(await isDrained(client, since)).toBe(false);
});
