import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog, systemClock, systemRandom } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import { ProjectionReader } from '../projection/projection-reader.ts';
import { type Projector, rebuildProjection } from '../projection/projector.ts';
import { decided, journalSteps, opening, rowsOf, testJournal, testProjector } from '../projection/testing.ts';
import { PostgresDueHolds } from './due-holds.ts';
import { HoldKeeper } from './hold-keeper.ts';
import { retry } from './retry-policy.ts';
import { watchHold } from './watch-hold.ts';

const HOUR_MS = 3_600_000;

let database: TestDatabase;
let journal: PostgresJournal;
let projector: Projector;
let reader: ProjectionReader;
let holds: PostgresDueHolds;
let keeper: HoldKeeper | undefined;

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
  holds = new PostgresDueHolds(database.url, silentLog);
});
afterEach(async () => {
  await keeper?.stop();
  keeper = undefined;
  await Promise.all([projector.stop(), reader.close(), holds.close(), journal.close()]);
  await database.drop();
});

const caughtUp = async () => expect(await reader.reach(systemClock.monotonic() + 15_000)).toBe(true);
const rows = () =>
  rowsOf<{ transaction: string; until: string; due_at: string }>(
    database.url,
    'select * from switch.open_hold order by until',
  );
const kinds = async (transaction: string) => (await journal.history(transaction)).map(({ kind }) => kind);

/** A pre-authorisation that was approved, and is over then. */
async function held(untilMs: number): Promise<string> {
  const asked = opening({ kind: 'pre-authorisation', minorUnits: 8_000, enrolled: false });
  const body = { ...asked, facts: { ...asked.facts, hold: { until: systemClock.wall() + untilMs } } };
  const decision = decided(true, { pop: { status: 'not-applicable' } });
  return journalSteps(journal, body.facts.transaction, [
    { kind: 'intended', body },
    { kind: 'decided', body: decision },
  ]);
}

const completed = { key: 'k', reply: { code: '00' }, minorUnits: 8_000, pop: null } as const;
const keep = () => new HoldKeeper({ journal, holds, clock: systemClock, log: silentLog });

describe('what is held', () => {
  it('is watched until it is completed, also by a projection that is made again', async () => {
    const first = await held(HOUR_MS);
    const second = await held(2 * HOUR_MS);
    await caughtUp();
    expect((await rows()).map(({ transaction }) => transaction)).toEqual([first, second]);
    await journalSteps(journal, first, [{ kind: 'captured', body: completed }], 3);
    await caughtUp();
    expect((await rows()).map(({ transaction }) => transaction)).toEqual([second]);
    await rebuildProjection(database.url);
    await waitUntil(async () => (await rows()).length === 1);
    expect((await rows()).map(({ transaction }) => transaction)).toEqual([second]);
  });

  it('is watched although the projection has not seen it', async () => {
    await projector.stop();
    const id = await held(HOUR_MS);
    const usual = { firstDelayMs: 10, maxDelayMs: 100, maxAttempts: 3 };
    const ports = { journal, holds, log: silentLog, retry: retry(usual, systemRandom) };
    const job = { transaction: id, attempt: 1, lane: 'network/visa' };
    expect(await watchHold(job, ports)).toEqual({ done: true });
    expect(await watchHold(job, ports)).toEqual({ done: true });
    expect((await rows()).map(({ transaction }) => transaction)).toEqual([id]);
  });
});

describe('the keeper', () => {
  it('ends what is over, tells of what ends soon, and leaves the rest alone', async () => {
    const over = await held(-1);
    const young = await held(HOUR_MS);
    await caughtUp();
    keeper = keep();
    await waitUntil(async () => (await kinds(over)).includes('hold-expired'));
    await caughtUp();
    expect(await kinds(over)).toEqual(['intended', 'decided', 'hold-expired']);
    expect(await kinds(young)).toEqual(['intended', 'decided']);
    expect((await rows()).map(({ transaction }) => transaction)).toEqual([young]);
    const jobs = await rowsOf<{ task: string }>(
      database.url,
      `select t.identifier as task from graphile_worker._private_jobs j
        join graphile_worker._private_tasks t on t.id = j.task_id`,
    );
    expect(jobs).toEqual([{ task: 'reverse-network@network/visa' }]);
  });

  it('has company: of two who look at once a hold is ended once', async () => {
    const over = await Promise.all(Array.from({ length: 20 }, () => held(-1)));
    await caughtUp();
    keeper = keep();
    const other = keep();
    await waitUntil(async () => (await rows()).length === 0);
    await other.stop();
    for (const id of over) expect(await kinds(id)).toEqual(['intended', 'decided', 'hold-expired']);
  });

  it('takes away what was completed meanwhile', async () => {
    await projector.stop();
    const id = await held(-1);
    await holds.watch({ transaction: id, until: systemClock.wall() - 1, dueAt: systemClock.wall() - 1 });
    await journalSteps(journal, id, [{ kind: 'captured', body: completed }], 3);
    keeper = keep();
    await waitUntil(async () => (await rows()).length === 0);
    expect(await kinds(id)).toEqual(['intended', 'decided', 'captured']);
  });
});
