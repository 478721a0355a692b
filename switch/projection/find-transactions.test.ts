/** What is found by a caller's words, and what is said while the projection has not read everything. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import { TransactionFinder } from './find-transactions.ts';
import type { Projector } from './projector.ts';
import { decided, journalTransaction, testJournal, testProjector } from './testing.ts';

let database: TestDatabase;
let journal: PostgresJournal;
let finder: TransactionFinder;
let projector: Projector | undefined;

beforeEach(async () => {
  database = await freshDatabase();
  journal = await testJournal(database.url);
  finder = new TransactionFinder(database.url, silentLog);
});
afterEach(async () => {
  await projector?.stop();
  projector = undefined;
  await finder.close();
  await journal.close();
  await database.drop();
});

test('a payment that nobody has projected is not found, and that is known; once it is projected it is found', async () => {
  const id = await journalTransaction(journal, {}, decided(true));
  const now = systemClock.wall();
  const search = { terminal: 'TERM0001', since: now - 3_600_000, until: now + 60_000, limit: 5 };
  expect(await finder.find(search)).toEqual([]);
  expect(await finder.catchUp(systemClock, 50)).toBe(false);

  projector = testProjector(database.url);
  expect(await finder.catchUp(systemClock, 30_000)).toBe(true);
  expect(await finder.find(search)).toMatchObject([{ id, terminal: 'TERM0001' }]);
});
