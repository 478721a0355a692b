import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import { ProjectionReader } from './projection-reader.ts';
import type { Projector } from './projector.ts';
import { decided, journalSteps, journalTransaction, rowsOf, testJournal, testProjector } from './testing.ts';

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

const caughtUp = async () => {
  expect(await reader.reach(systemClock.monotonic() + 15_000)).toBe(true);
};

it('payments are found by who sold, and by approval code', async () => {
  const approved = decided(true, { reply: { code: '00', rrn: '', approvalCode: 'A1B2C3' } });
  const first = await journalTransaction(journal, {}, approved);
  const other = await journalTransaction(journal, { terminal: 'TERM0002' });
  await caughtUp();

  const search = { merchant: 'MERCHANT0000001', since: systemClock.wall() - 3_600_000 };
  expect(await reader.paymentsOf(search, 10)).toEqual([other, first]);
  expect(await reader.paymentsOf(search, 1)).toEqual([other]);
  expect(await reader.paymentsOf({ ...search, terminal: 'TERM0001' }, 10)).toEqual([first]);
  expect(await reader.paymentsOf({ ...search, approvalCode: 'A1B2C3' }, 10)).toEqual([first]);
  expect(await reader.paymentsOf({ ...search, stan: '000099' }, 10)).toEqual([]);
  expect(await reader.paymentsOf({ ...search, terminal: 'TERM0001', stan: '000001' }, 10)).toEqual([first]);
  // A hold is none of them.
  expect(await reader.paymentsOf({ ...search, approvalCode: 'A1B2C3', isHold: true }, 10)).toEqual([]);
  const openOn = ['terminals-ascii'];
  const open = { ...search, terminal: 'TERM0001', approvalCode: 'A1B2C3' };
  expect(await reader.paymentsOf({ ...open, openOn }, 10)).toEqual([first]);
  expect(await reader.paymentsOf({ ...open, openOn: ['another-line'] }, 10)).toEqual([]);
  expect(await reader.paymentsOf({ ...search, merchant: 'ANOTHER' }, 10)).toEqual([]);
  expect(await reader.paymentsOf({ ...search, since: systemClock.wall() + 60_000 }, 10)).toEqual([]);
});

/** What people see of a reversal that matched nothing. */
const SAID = {
  key: 'k',
  reply: { code: '00' },
  terminal: 'TERM0001',
  listener: 'terminals-ascii',
  rrn: '1',
  merchant: 'MERCHANT0000001',
  maskedPan: '424242******4242',
  stan: '000001',
  amount: { minorUnits: 2_500, currency: '978' },
};

it('a reversal that may mean a payment is a case that says which, and what it wanted back', async () => {
  const payment = await journalTransaction(journal);
  const body = { ...SAID, stan: '000099', caseKind: 'reversal-unmatched' as const, mayMean: [payment] };
  const transaction = timeOrderedUuid(systemClock, systemRandom);
  await journalSteps(journal, transaction, [{ kind: 'remembered', body }]);
  await caughtUp();

  const cases = await rowsOf(database.url, 'select kind, currency, amount, evidence from switch.recon_case');
  expect(cases).toMatchObject([
    { kind: 'reversal-unmatched', currency: '978', amount: 2_500, evidence: { mayMean: [payment] } },
  ]);
});

it('a reversal that may mean what came behind it is a case that says so', async () => {
  const payment = await journalTransaction(journal);
  const body = { caseKind: 'reversal-unmatched', reason: 'came-later', mayMean: [payment] };
  const transaction = timeOrderedUuid(systemClock, systemRandom);
  await journalSteps(journal, transaction, [
    { kind: 'remembered', body: SAID },
    { kind: 'case-opened', body },
  ]);
  await caughtUp();

  const cases = await rowsOf(database.url, 'select kind, amount, evidence from switch.recon_case');
  expect(cases).toMatchObject([
    { kind: 'reversal-unmatched', amount: 2_500, evidence: { mayMean: [payment] } },
  ]);
});
