import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import { ProjectionReader } from './projection-reader.ts';
import { type Projector, rebuildProjection } from './projector.ts';
import {
  decided,
  journalSteps,
  journalTransaction,
  opening,
  rowsOf,
  testJournal,
  testProjector,
} from './testing.ts';
import type { StoredTransaction } from './transaction-row.ts';

let database: TestDatabase;
let journal: PostgresJournal;
let reader: ProjectionReader;
let projector: Projector | undefined;

beforeEach(async () => {
  database = await freshDatabase();
  journal = await testJournal(database.url);
  reader = new ProjectionReader({
    databaseUrl: database.url,
    clock: systemClock,
    log: silentLog,
    readDeadlineMs: 10_000,
  });
});
afterEach(async () => {
  await projector?.stop();
  projector = undefined;
  await reader.close();
  await journal.close();
  await database.drop();
});

const caughtUp = async (withinMs = 15_000) => {
  expect(await reader.reach(systemClock.monotonic() + withinMs)).toBe(true);
};
const table = (query = 'select * from switch.projected_transaction order by transaction') =>
  rowsOf<StoredTransaction>(database.url, query);
const projected = async (transaction: string) => {
  const [row] = await table(
    `select * from switch.projected_transaction where transaction = '${transaction}'`,
  );
  return row;
};

describe('an entry of a form that this release does not know', () => {
  const UNKNOWN = `update switch.journal set body = '[9,"later"]' where transaction = $1 and version = 2`;
  const change = async (text: string, values: unknown[]) => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(text, values);
    await client.end();
  };

  it('leaves its transaction out, as a case, and no other; a release that knows it projects it', async () => {
    const id = await journalTransaction(journal, { minorUnits: 3_000 }, decided(true));
    const { body } = (await journal.history(id))[1] ?? {};
    await change(UNKNOWN, [id]);
    const other = await journalTransaction(journal, { minorUnits: 4_000 }, decided(true));
    projector = testProjector(database.url);
    await caughtUp();
    expect(await projected(other)).toMatchObject({ state: 'approved' });
    expect(await projected(id)).toBeUndefined();
    expect(await table('select kind, subject from switch.recon_case')).toEqual([
      { kind: 'unreadable-entry', subject: id },
    ]);

    await projector.stop();
    await change('update switch.journal set body = $2 where transaction = $1 and version = 2', [
      id,
      JSON.stringify(body),
    ]);
    projector = testProjector(database.url);
    await vi.waitFor(async () => expect(await projected(id)).toMatchObject({ state: 'approved' }), 10_000);
    expect(await table('select transaction from switch.unread_transaction')).toEqual([]);
  });
});

describe('a row of the projection', () => {
  it('is the fold of its transaction', async () => {
    const id = await journalTransaction(journal, { minorUnits: 3_000 }, decided(true), [
      { kind: 'partly-taken-back', body: { key: 'k1', reply: { code: '00' }, remainingMinorUnits: 1_000 } },
      { kind: 'network-reversed', body: { code: '00', attempts: 1, remainingMinorUnits: 1_000 } },
    ]);
    projector = testProjector(database.url);
    await caughtUp();
    expect(await projected(id)).toMatchObject({
      version: 4,
      kind: 'purchase',
      state: 'approved',
      network: 'visa',
      network_state: 'approved',
      asked: 3_000,
      approved: 3_000,
      captured: 3_000,
      standing: 1_000,
      network_amount: 1_000,
      pop_state: 'accepted',
      pop_amount: 3_000,
      masked_pan: '424242******4242',
      batch_side: 'sale',
      is_enrolled: true,
      refunded: 0,
      batch: null,
      cases: [],
      terminal: 'TERM0001',
      currency: '978',
    });
  });

  it('follows as the journal grows', async () => {
    projector = testProjector(database.url);
    const body = opening({ kind: 'pre-authorisation', minorUnits: 8_000 });
    const { transaction } = body.facts;
    await journalSteps(journal, transaction, [{ kind: 'intended', body }]);
    await caughtUp();
    expect(await projected(transaction)).toMatchObject({ state: 'intended', decided_at: null, standing: 0 });
    await journalSteps(journal, transaction, [{ kind: 'decided', body: decided(true) }], 2);
    await caughtUp();
    expect(await projected(transaction)).toMatchObject({ state: 'approved', captured: 0, batch_side: null });
    const captured = { key: 'k', reply: { code: '00' }, minorUnits: 6_450, pop: null };
    await journalSteps(journal, transaction, [{ kind: 'captured', body: captured }], 3);
    await caughtUp();
    expect(await projected(transaction)).toMatchObject({
      state: 'captured',
      captured: 6_450,
      batch_side: 'sale',
    });
  });

  it('waits a moment for the decision, which a projector that comes after reads with all before it', async () => {
    projector = testProjector(database.url, { openAfterMs: 600_000 });
    const bodies = [opening(), opening()];
    for (const body of bodies) {
      await journalSteps(journal, body.facts.transaction, [{ kind: 'intended', body }]);
    }
    await caughtUp();
    expect(await table()).toEqual([]);
    const [first = '', second = ''] = bodies.map(({ facts }) => facts.transaction);
    await journalSteps(journal, first, [{ kind: 'decided', body: decided(true) }], 2);
    await caughtUp();
    expect(await table()).toMatchObject([{ transaction: first, version: 2, state: 'approved' }]);
    await projector.stop();
    projector = testProjector(database.url, { openAfterMs: 600_000 });
    await journalSteps(journal, second, [{ kind: 'decided', body: decided(false) }], 2);
    await caughtUp();
    expect(await projected(second)).toMatchObject({ version: 2, state: 'declined' });
  });

  it('counts only refunds that were approved, whichever was read first', async () => {
    const refundOf = async (original: string, version: number, approved: boolean, minorUnits: number) => {
      const body = opening({ kind: 'refund', minorUnits });
      const { transaction } = body.facts;
      await journalSteps(journal, transaction, [{ kind: 'intended', body }]);
      const reserved = { refund: transaction, minorUnits };
      await journalSteps(journal, original, [{ kind: 'refund-reserved', body: reserved }], version);
      await journalSteps(journal, transaction, [{ kind: 'decided', body: decided(approved) }], 2);
    };
    const id = await journalTransaction(journal);
    await refundOf(id, 3, true, 700);
    projector = testProjector(database.url, { maxEntries: 1 });
    await caughtUp();
    await refundOf(id, 4, false, 900);
    await refundOf(id, 5, true, 50);
    await caughtUp();
    expect(await projected(id)).toMatchObject({ refunded: 750, standing: 2_500 });
  });

  it('belongs to the business day that its entry says, however the day is set later', async () => {
    projector = testProjector(database.url, { cutOverHour: 0 });
    const dated = { ...opening(), businessDate: '2026-11-23' };
    await journalSteps(journal, dated.facts.transaction, [
      { kind: 'intended', body: dated },
      { kind: 'decided', body: decided(true) },
    ]);
    await journalTransaction(journal);
    await caughtUp();
    const before = await table();
    await projector.stop();
    projector = testProjector(database.url, { cutOverHour: 12, timeZone: 'Pacific/Auckland' });
    await vi.waitFor(() => expect(projector?.isProjecting).toBe(true));
    await rebuildProjection(database.url);
    await caughtUp();
    expect(await table()).toEqual(before);
    expect(await projected(dated.facts.transaction)).toMatchObject({ business_date: '2026-11-23' });
    const calendars = 'select time_zone, cut_over_hour from switch.business_calendar order by valid_from';
    expect(await rowsOf(database.url, calendars)).toEqual([
      { time_zone: 'UTC', cut_over_hour: 0 },
      { time_zone: 'Pacific/Auckland', cut_over_hour: 12 },
    ]);
  });

  it('keeps its day when it is taken back on another: that is a movement of then', async () => {
    projector = testProjector(database.url);
    const body = { ...opening({ kind: 'pre-authorisation', minorUnits: 8_000 }), businessDate: '2026-11-23' };
    const { transaction } = body.facts;
    const reply = { code: '00' };
    const captured = { key: 'c', reply, minorUnits: 6_450, pop: null, businessDate: '2026-11-24' };
    const back = { key: 'v', reply, by: 'void' as const, businessDate: '2026-11-25' };
    await journalSteps(journal, transaction, [
      { kind: 'intended', body },
      { kind: 'decided', body: decided(true) },
      { kind: 'captured', body: captured },
      { kind: 'taken-back', body: back },
    ]);
    await caughtUp();
    expect(await projected(transaction)).toMatchObject({ business_date: '2026-11-23', standing: 0 });
    const movements = `select account, kind, amount, business_date from switch.projected_movement
      where transaction = '${transaction}' order by version, account`;
    const expected = [
      { account: 'captured', kind: 'captured', amount: 6_450, business_date: '2026-11-24' },
      { account: 'held', kind: 'captured', amount: -8_000, business_date: '2026-11-24' },
      { account: 'captured', kind: 'void', amount: -6_450, business_date: '2026-11-25' },
    ];
    expect(await rowsOf(database.url, movements)).toEqual(expected);
    await rebuildProjection(database.url);
    await caughtUp();
    expect(await rowsOf(database.url, movements)).toEqual(expected);
  });

  it('is kept under the day of its transaction', async () => {
    const id = await journalTransaction(journal);
    projector = testProjector(database.url);
    await caughtUp();
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    const partition = `select tableoid::regclass::text as name from switch.projected_transaction`;
    expect(await rowsOf(database.url, `${partition} where transaction = '${id}'`)).toEqual([
      { name: `switch.projected_transaction_${day}` },
    ]);
  });
});

describe('the projector', () => {
  it('goes on where it stopped, and comes to the same as one that begins anew', async () => {
    projector = testProjector(database.url, { maxEntries: 7 });
    const work = [];
    for (let index = 0; index < 120; index += 1) {
      work.push(journalTransaction(journal, { minorUnits: 100 + index }, decided(index % 3 !== 0)));
      if (index === 40) await projector.stop();
      if (index === 80) projector = testProjector(database.url, { maxEntries: 11 });
    }
    await Promise.all(work);
    await caughtUp();
    const incremental = await table();
    expect(incremental).toHaveLength(120);
    await rebuildProjection(database.url);
    await caughtUp();
    expect(await table()).toEqual(incremental);
  });

  it('reads the epochs of several nodes, and one whose lease is over to its end', async () => {
    const other = await testJournal(database.url, 'node-2');
    const body = opening();
    const { transaction } = body.facts;
    await journalSteps(journal, transaction, [{ kind: 'intended', body }]);
    await journalSteps(other, transaction, [{ kind: 'decided', body: decided(true) }], 2);
    await other.close();
    projector = testProjector(database.url, { maxEntries: 1 });
    await caughtUp();
    expect(await projected(transaction)).toMatchObject({ version: 2, state: 'approved' });
    await vi.waitFor(async () => {
      const cursors = await rowsOf(database.url, 'select * from switch.projection_cursor order by epoch');
      expect(cursors).toMatchObject([{ is_finished: false }, { is_finished: true }]);
    });
  });

  it('is one of all nodes; another takes over when it stops', async () => {
    projector = testProjector(database.url);
    await vi.waitFor(() => expect(projector?.isProjecting).toBe(true));
    const standby = testProjector(database.url);
    const id = await journalTransaction(journal);
    await caughtUp();
    expect(standby.isProjecting).toBe(false);
    await projector.stop();
    await vi.waitFor(() => expect(standby.isProjecting).toBe(true), { timeout: 5_000 });
    await journalSteps(journal, id, [{ kind: 'late-answer', body: { code: '00' } }], 3);
    await caughtUp();
    expect(await projected(id)).toMatchObject({ version: 3 });
    await standby.stop();
  });

  it('opens a case for what the journal says people must look at, and once only', async () => {
    const rejected = { status: 'rejected', reason: 'fraud' } as const;
    await journalTransaction(
      journal,
      {},
      decided(true, { pop: rejected, caseKind: 'pop-rejected', reply: { code: '00' } }),
    );
    projector = testProjector(database.url);
    await caughtUp();
    await rebuildProjection(database.url);
    await caughtUp();
    const cases = await rowsOf(database.url, 'select kind, state, amount from switch.recon_case');
    expect(cases).toEqual([{ kind: 'pop-rejected', state: 'open', amount: 2_500 }]);
    expect(await rowsOf(database.url, 'select what, by from switch.recon_case_event')).toEqual([
      { what: 'opened', by: 'switch' },
    ]);
  });
});

describe('a journal of 20,000 transactions', () => {
  it('is projected in one go, and as fast as the rate it prints', async () => {
    const count = 20_000;
    const epoch = journal.epoch;
    const body = JSON.stringify(opening());
    const decision = JSON.stringify(decided(true));
    const sql = (first: number, version: number, kind: string) =>
      `insert into switch.journal select md5(n::text)::uuid, ${epoch}, ${first} + n, now(), ${version}, '${kind}', $1
        from generate_series(1, ${count}) n`;
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(sql(0, 1, 'intended'), [body]);
    await client.query(sql(count, 2, 'decided'), [decision]);
    await client.end();
    const startedAt = systemClock.monotonic();
    projector = testProjector(database.url);
    await caughtUp(60_000);
    const seconds = (systemClock.monotonic() - startedAt) / 1_000;
    console.log(
      `projected ${count} transactions in ${seconds.toFixed(1)} s: ${(count / seconds).toFixed(0)}/s`,
    );
    expect(await table('select count(*)::integer as version from switch.projected_transaction')).toEqual([
      { version: count },
    ]);
  }, 90_000);
});

describe('the projector’s role', () => {
  let shared: TestDatabase;
  beforeAll(async () => {
    shared = await freshDatabase();
  });
  afterAll(() => shared.drop());

  it.each([
    'insert into switch.journal select * from switch.journal',
    "update switch.journal set kind = 'x'",
    'select * from switch.claim',
    'update switch.lease set ended_at = now()',
    "update switch.recon_case set state = 'resolved'",
    'delete from switch.recon_case_event',
  ])('may not: %s', async (statement) => {
    const client = new Client({ connectionString: shared.url, options: '-c role=etika_projector' });
    await client.connect();
    try {
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });
});
