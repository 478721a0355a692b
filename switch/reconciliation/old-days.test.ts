import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import type { Projector } from '../projection/projector.ts';
import { decided, journalSteps, opening, rowsOf, testJournal, testProjector } from '../projection/testing.ts';
import { ReconciliationDesk } from './desk.ts';
import type { NetworkRecord } from './ledgers/records.ts';
import { networkLine } from './testing.ts';

// An old day, reconciled again: by its own ledger, after its sale was voided and the cut-over was changed.

const SOLD = '2026-11-23';
const VOIDED = '2026-11-24';

let database: TestDatabase;
let journal: PostgresJournal;
let projector: Projector;
let desk: ReconciliationDesk;

beforeEach(async () => {
  database = await freshDatabase();
  journal = await testJournal(database.url);
  projector = testProjector(database.url);
  desk = new ReconciliationDesk({ databaseUrl: database.url, name: 'test', log: silentLog });
});
afterEach(async () => {
  await desk.close();
  await projector.stop();
  await journal.close();
  await database.drop();
});

/** A sale of one day that was voided on the next, and reversed at the network. */
async function voidedSale() {
  const body = { ...opening({ enrolled: false }), businessDate: SOLD };
  const back = { key: 'v', reply: { code: '00' }, by: 'void' as const, businessDate: VOIDED };
  const done = { code: '00', attempts: 1, remainingMinorUnits: 0 };
  await journalSteps(journal, body.facts.transaction, [
    { kind: 'intended', body },
    { kind: 'decided', body: decided(true) },
    { kind: 'taken-back', body: back },
    { kind: 'network-reversed', body: done },
  ]);
  return body.facts;
}

function run(date: string, networkLedger: NetworkRecord[]) {
  const networks = { networks: new Set(['visa']), withoutHolds: new Set<string>() };
  return desk.run({ date, networkLedger, ...networks, proofLedger: undefined, graceMs: 0 });
}

it('agrees for ever, moved what it moved, and no repair of it sends a reversal', async () => {
  const { stan, rrn, transaction } = await voidedSale();
  const sale = networkLine({ stan, rrn, at: `${SOLD}T12:00:00.000Z` });
  const back = { ...sale, captured: -2_500, at: `${VOIDED}T09:00:00.000Z` };
  const opened = { network: 'visa', currency: '978', account: 'captured', count: 1 };
  const moved = [{ ...opened, kind: 'opened', amount: 2_500 }];
  expect(await run(SOLD, [sale])).toMatchObject({ outcome: 'agrees', transactions: 1, moved });

  await projector.stop();
  projector = testProjector(database.url, { cutOverHour: 10, timeZone: 'America/New_York' });
  expect(await run(SOLD, [sale])).toMatchObject({ outcome: 'agrees', transactions: 1, moved });
  expect(await run(VOIDED, [back])).toMatchObject({
    outcome: 'agrees',
    transactions: 1,
    moved: [{ ...opened, kind: 'void', amount: -2_500 }],
  });

  expect(await desk.repairSafe('test')).toEqual({ repaired: [], failed: [] });
  const entries = `select kind from switch.journal where transaction = '${transaction}' and kind = 'reconciled'`;
  expect(await rowsOf(database.url, entries)).toEqual([]);
});

it('is found by its day, though nothing was opened on it', async () => {
  await voidedSale();
  expect(await run(VOIDED, [])).toMatchObject({
    outcome: 'explained',
    differences: [{ kind: 'movement-differs', businessDate: VOIDED, isAutomatic: false, amount: 2_500 }],
  });
  expect(await desk.repairSafe('test')).toEqual({ repaired: [], failed: [] });
});
