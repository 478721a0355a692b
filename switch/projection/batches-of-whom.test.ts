import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import { ProjectionReader } from './projection-reader.ts';
import type { Projector } from './projector.ts';
import { journalSteps, journalTransaction, testJournal, testProjector } from './testing.ts';

let database: TestDatabase;
let journal: PostgresJournal;
let reader: ProjectionReader;
let projector: Projector;

beforeEach(async () => {
  database = await freshDatabase();
  journal = await testJournal(database.url);
  const ports = { clock: systemClock, log: silentLog, readDeadlineMs: 10_000 };
  reader = new ProjectionReader({ databaseUrl: database.url, ...ports });
  projector = testProjector(database.url);
});
afterEach(async () => {
  await projector.stop();
  await reader.close();
  await journal.close();
  await database.drop();
});

const NOTHING = { count: 0, minorUnits: 0 };
const TOTALS = { sales: NOTHING, refunds: NOTHING };
const name = { listeners: ['terminals-ascii'], terminal: 'TERM0001', currency: '978', number: '000001' };

/** The first batch of a terminal of this number. */
async function closeFirst(whose: { readonly merchant: string; readonly acquirer?: string }) {
  const body = {
    key: 'k',
    reply: { code: '00' },
    listener: 'terminals-ascii',
    terminal: 'TERM0001',
    ...whose,
    currency: '978',
    number: '000001',
    terminalTotals: TOTALS,
    switchTotals: TOTALS,
    countedTo: {},
    ordinal: 1,
    members: [],
    differences: [],
  };
  const batch = timeOrderedUuid(systemClock, systemRandom);
  await journalSteps(journal, batch, [{ kind: 'batch-closed', body }]);
  return batch;
}

it('two merchants, and two acquirers, have terminals of one number: each closes a first batch', async () => {
  const owners = [
    { merchant: 'MERCHANT-A' },
    { merchant: 'MERCHANT-B' },
    { merchant: 'MERCHANT-C', acquirer: '111111' },
    { merchant: 'MERCHANT-C', acquirer: '222222' },
  ];
  const batches: string[] = [];
  for (const owner of owners) batches.push(await closeFirst(owner));
  expect(await reader.reach(systemClock.monotonic() + 15_000)).toBe(true);
  for (const [index, owner] of owners.entries()) {
    const { last } = await reader.openBatch({ ...name, ...owner }, 10);
    expect(last).toMatchObject({ batch: batches[index], ordinal: 1 });
  }
});

it('what is open is the acquirer’s own, and payments are found by reference and by STAN', async () => {
  const payment = await journalTransaction(journal);
  expect(await reader.reach(systemClock.monotonic() + 15_000)).toBe(true);
  const merchant = 'MERCHANT0000001';
  const openOf = async (acquirer?: string) =>
    (await reader.openBatch({ ...name, merchant, ...(acquirer && { acquirer }) }, 10)).members;
  const [member, ...others] = await openOf();
  expect([member?.transaction, others.length]).toEqual([payment, 0]);
  expect(await openOf('123456')).toHaveLength(1);
  expect(await openOf('999999')).toEqual([]);

  const since = systemClock.wall() - 3_600_000;
  const { rrn = '', stan = '' } = member ?? {};
  expect(await reader.paymentsOf({ rrn, since }, 10)).toEqual([payment]);
  expect(await reader.paymentsOf({ stan, since }, 10)).toEqual([payment]);
  expect(await reader.paymentsOf({ rrn: 'another', since }, 10)).toEqual([]);
});
