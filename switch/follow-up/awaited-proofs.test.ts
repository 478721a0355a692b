import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import { ProjectionReader } from '../projection/projection-reader.ts';
import { type Projector, rebuildProjection } from '../projection/projector.ts';
import {
  decided,
  journalSteps,
  journalTransaction,
  rowsOf,
  testJournal,
  testProjector,
} from '../projection/testing.ts';
import { PostgresAwaitedProofs } from './awaited-proofs.ts';

let database: TestDatabase;
let journal: PostgresJournal;
let projector: Projector;
let reader: ProjectionReader;
let proofs: PostgresAwaitedProofs;

beforeEach(async () => {
  database = await freshDatabase();
  journal = await testJournal(database.url);
  projector = testProjector(database.url);
  reader = new ProjectionReader({
    databaseUrl: database.url,
    clock: systemClock,
    log: silentLog,
    readDeadlineMs: 10_000,
  });
  proofs = new PostgresAwaitedProofs(database.url, silentLog);
});
afterEach(async () => {
  await Promise.all([projector.stop(), reader.close(), proofs.close(), journal.close()]);
  await database.drop();
});

const caughtUp = async () => expect(await reader.reach(systemClock.monotonic() + 15_000)).toBe(true);
const rows = () =>
  rowsOf<Record<string, unknown>>(database.url, 'select * from switch.awaited_proof order by transaction');
const jobs = () =>
  rowsOf<{ task: string; payload: object }>(
    database.url,
    `select t.identifier as task, j.payload from graphile_worker._private_jobs j
      join graphile_worker._private_tasks t on t.id = j.task_id`,
  );
const validated = { kind: 'pop-validated', body: { validation: 'v-1' } } as const;
const takenBack = { kind: 'taken-back', body: { key: 'k', reply: { code: '00' }, by: 'void' } } as const;
const inPart = {
  kind: 'partly-taken-back',
  body: { key: 'k', reply: { code: '00' }, remainingMinorUnits: 1_000 },
} as const;

describe('what is awaited', () => {
  it('is a proof that was accepted for what stands, until it is final', async () => {
    const id = await journalTransaction(journal);
    await journalTransaction(journal, {}, decided(false));
    await journalTransaction(journal, {}, decided(true, { pop: { status: 'unknown', reason: 'x' } }));
    await caughtUp();
    expect(await rows()).toMatchObject([
      { transaction: id, validation: 'v-1', version: 2, accepted_version: 2, is_handed_over: false },
    ]);
    await journalSteps(journal, id, [validated], 3);
    await caughtUp();
    expect(await rows()).toEqual([]);
    expect(
      await rowsOf(
        database.url,
        `select version, pop_state from switch.projected_transaction where transaction = '${id}'`,
      ),
    ).toEqual([{ version: 3, pop_state: 'validated' }]);
  });

  it.each([
    ['taken back', takenBack],
    ['taken back in part', inPart],
  ])('is no proof of what was %s', async (_, step) => {
    const id = await journalTransaction(journal);
    await caughtUp();
    expect(await rows()).toHaveLength(1);
    await journalSteps(journal, id, [step], 3);
    await caughtUp();
    expect(await rows()).toEqual([]);
  });

  it('is there again, and nothing else is, once the projection was made again', async () => {
    await journalTransaction(journal, {}, decided(true), [validated]);
    await journalTransaction(journal, {}, decided(true), [inPart]);
    const accepted = { kind: 'pop-accepted', body: { validation: 'v-2', minorUnits: 1_000 } } as const;
    const amended = await journalTransaction(journal, {}, decided(true), [inPart, accepted]);
    await caughtUp();
    const undated = async () => (await rows()).map(({ due_at: _, ...row }) => row); // due by when it was projected
    const before = await undated();
    expect(before).toMatchObject([
      { transaction: amended, validation: 'v-2', version: 4, accepted_version: 4 },
    ]);
    await rebuildProjection(database.url);
    await caughtUp();
    expect(await undated()).toEqual(before);
  });

  it('is not brought back by an epoch that is read later than a further one', async () => {
    await projector.stop();
    const id = await journalTransaction(journal);
    const other = await testJournal(database.url, 'node-2');
    await journalSteps(other, id, [validated], 3);
    await other.close();
    projector = testProjector(database.url, { maxEntries: 1 });
    await caughtUp();
    expect(await rows()).toEqual([]);
    expect(await rowsOf(database.url, 'select version from switch.projected_transaction')).toEqual([
      { version: 3 },
    ]);
  });
});

describe('who claims', () => {
  it('takes what is due, each once until its lease is over', async () => {
    const ids = await Promise.all([journalTransaction(journal), journalTransaction(journal)]);
    await caughtUp();
    const other = new PostgresAwaitedProofs(database.url, silentLog);
    const [first, second] = await Promise.all([proofs.claim(1, 60_000), other.claim(10, 60_000)]);
    expect([...first, ...second].map(({ transaction }) => transaction).sort()).toEqual(ids.sort());
    expect(await proofs.claim(10, 60_000)).toEqual([]);
    await other.close();
    await proofs.putOff(ids, 0);
    const again = await proofs.claim(10, 1);
    expect(again).toMatchObject([
      { validation: 'v-1', version: 2, attempt: 2 },
      { validation: 'v-1', version: 2, attempt: 2 },
    ]);
    await vi.waitFor(async () => expect(await proofs.claim(10, 1)).not.toEqual([]));
    expect(await proofs.backlog()).toMatchObject({ waiting: 2, oldestMs: expect.any(Number) });
  });

  it('hands over once, and the row stays until the proof is another', async () => {
    const id = await journalTransaction(journal);
    await caughtUp();
    expect(await proofs.handOver([id])).toEqual([id]);
    expect(await proofs.handOver([id])).toEqual([]);
    expect(await jobs()).toMatchObject([
      { task: 'complete-pop@pop', payload: { transaction: id, lane: 'pop', attempt: 1, behind: false } },
    ]);
    await journalSteps(journal, id, [{ kind: 'notified', body: { through: 2 } }], 3);
    await caughtUp();
    expect(await rows()).toMatchObject([{ version: 3, is_handed_over: true }]);
    expect(await proofs.claim(10, 60_000)).toEqual([]);

    const anew = { kind: 'pop-accepted', body: { validation: 'v-2', minorUnits: 2_500 } } as const;
    await journalSteps(journal, id, [anew], 4);
    await caughtUp();
    expect(await proofs.claim(10, 60_000)).toMatchObject([{ validation: 'v-2', version: 4, attempt: 1 }]);
    expect(await proofs.handOver([id])).toEqual([id]);
    expect(await jobs()).toMatchObject([{ payload: { behind: false } }, { payload: { behind: true } }]);
  });

  it('may not add or remove rows', async () => {
    const rights = ['select', 'insert', 'delete', 'truncate'].map(
      (right) => `has_table_privilege('etika_switch', 'switch.awaited_proof', '${right}') as "${right}"`,
    );
    expect(await rowsOf(database.url, `select ${rights.join(', ')}`)).toEqual([
      { select: true, insert: false, delete: false, truncate: false },
    ]);
  });
});
