import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import type { Projector } from '../projection/projector.ts';
import {
  decided,
  journalSteps,
  journalTransaction,
  rowsOf,
  testJournal,
  testProjector,
  type Wanted,
} from '../projection/testing.ts';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import { ReconciliationDesk } from './desk.ts';
import type { NetworkRecord, ProofRecord } from './ledgers/records.ts';
import type { ReconciliationOrder, Report } from './reconcile.ts';
import { networkLine, proofLine } from './testing.ts';

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

const rows = <Row>(query: string, role?: string) => rowsOf<Row>(database.url, query, role);

function run(changes: Partial<ReconciliationOrder> = {}): Promise<Report> {
  const whole = {
    date: null,
    networkLedger: [],
    networks: new Set(['visa']),
    withoutHolds: new Set<string>(),
  };
  return desk.run({ ...whole, proofLedger: undefined, graceMs: 0, ...changes });
}

/** A purchase that stands, as the projection has it. */
async function purchase(wanted: Wanted = {}, decision = decided(true)): Promise<StoredTransaction> {
  const transaction = await journalTransaction(journal, { enrolled: false, ...wanted }, decision);
  await run({ networks: new Set(), networkLedger: [] }); // waits for the projection
  const [row] = await rows<StoredTransaction>(
    `select * from switch.projected_transaction where transaction = '${transaction}'`,
  );
  if (!row) throw new Error('it is not projected');
  return row;
}

/** What the network's ledger says of a transaction. */
function lineOf(row: StoredTransaction, moves: Partial<NetworkRecord> = {}): NetworkRecord {
  const { network, terminal, rrn, stan, currency, transmitted_at: transmitted, opened_at: at, asked } = row;
  return networkLine({ network, terminal, rrn, stan, currency, transmitted, at, captured: asked, ...moves });
}

function proofOf({ transaction, opened_at: at, asked: amount }: StoredTransaction): ProofRecord {
  return proofLine({ transaction, at, amount });
}

const historyOf = async (id: number) => (await desk.case(id)).history.map(({ what }) => what);
const alerts = () =>
  rows<{ subject: string; summary: string }>('select * from switch.alert order by position');
const caseOf = (report: Report): number => report.differences[0]?.case ?? 0;

describe('a run', () => {
  it('agrees where all three ledgers hold the same, and opens nothing', async () => {
    const row = await purchase({ enrolled: true });
    const report = await run({ networkLedger: [lineOf(row)], proofLedger: [proofOf(row)] });
    expect(report).toMatchObject({ outcome: 'agrees', transactions: 1, differences: [] });
    expect(report.networkTotals).toMatchObject([
      { ledger: 'visa', currency: '978', journal: { captured: 2_500 }, counterpart: { captured: 2_500 } },
    ]);
    expect(report.proofTotals).toMatchObject([
      { counterpart: { witnessed: 2_500 }, unexplained: { witnessed: 0 } },
    ]);
    expect(await desk.cases(['open', 'resolved'])).toEqual([]);
  });

  it('is incomplete where a network of ours has no ledger', async () => {
    const row = await purchase();
    await purchase({ network: 'iso87' });
    expect(await run({ networkLedger: [lineOf(row)] })).toMatchObject({
      outcome: 'incomplete',
      notCompared: { iso87: 1 },
    });
  });

  it('closes what no reversal found where the ledger has nothing of it, and reverses it where it has', async () => {
    const unknown = decided(false, {
      network: { status: 'unknown', reason: 'no answer' },
      followUps: ['reverse-network'],
    });
    const sought = {
      kind: 'network-not-found',
      body: { code: '25', attempts: 4, times: 4, isLast: true },
    } as const;
    const lost = async () => {
      const row = await purchase({}, unknown);
      await journalSteps(journal, row.transaction, [sought], 3);
      return row;
    };
    const [absent, there] = [await lost(), await lost()];

    const report = await run({ networkLedger: [lineOf(there)] });
    expect(report).toMatchObject({
      absent: [absent.transaction],
      differences: [{ transaction: there.transaction, kind: 'stands-at-network', action: 'resend-reversal' }],
    });
    const kinds = (await journal.history(absent.transaction)).map(({ kind }) => kind);
    expect(kinds.at(-1)).toBe('network-absent');
    expect((await run({ networkLedger: [lineOf(there)] })).absent).toBeUndefined();
  });

  it('gives what is still under way its time before it makes a case of it', async () => {
    const unknown = decided(false, {
      network: { status: 'unknown', reason: 'no answer' },
      followUps: ['reverse-network'],
    });
    const row = await purchase({}, unknown);
    const ledger = { networkLedger: [lineOf(row)] };
    const young = await run({ ...ledger, graceMs: 60_000 });
    expect(young).toMatchObject({ outcome: 'incomplete', differences: [{ isUnderWay: true, case: null }] });
    expect(await run(ledger)).toMatchObject({
      outcome: 'explained',
      differences: [{ kind: 'stands-at-network', action: 'resend-reversal', caseState: 'open' }],
    });
  });

  it('counts a transaction to the business date of the journal, whatever the clock of the network says', async () => {
    const row = await purchase();
    const dayBefore = new Date(Date.parse(row.opened_at) - 86_400_000).toISOString();
    const before = dayBefore.slice(0, 10);
    const late = lineOf(row, { at: dayBefore });
    const foreign = lineOf(row, { at: dayBefore, stan: '999999' });
    const networkLedger = [late, foreign];
    expect(await run({ date: row.business_date, networkLedger })).toMatchObject({ outcome: 'agrees' });
    const report = await run({ date: before, networkLedger });
    expect(report.differences.map(({ kind, subject }) => [kind, subject.includes('999999')])).toEqual([
      ['missing-in-journal', true],
    ]);
  });

  it('cannot be done while nobody projects', async () => {
    await purchase();
    await projector.stop();
    await journalTransaction(journal);
    const impatient = new ReconciliationDesk({
      databaseUrl: database.url,
      name: 'test',
      log: silentLog,
      reachWithinMs: 50,
    });
    const order = {
      date: null,
      networkLedger: [],
      networks: new Set<string>(),
      withoutHolds: new Set<string>(),
    };
    await expect(impatient.run({ ...order, proofLedger: undefined, graceMs: 0 })).rejects.toMatchObject({
      code: 'SW_RECON_BEHIND',
    });
    await impatient.close();
  });
});

describe('a case', () => {
  it('is one, however often its difference is found, and over when the difference is', async () => {
    const row = await purchase();
    const id = caseOf(await run());
    expect(caseOf(await run())).toBe(id);
    expect(await historyOf(id)).toEqual(['opened']);
    expect(await run({ networkLedger: [lineOf(row)] })).toMatchObject({ outcome: 'agrees' });
    expect(await historyOf(id)).toEqual(['opened', 'resolved']);
    await run();
    expect(await historyOf(id)).toEqual(['opened', 'resolved', 'reopened']);
  });

  it('is an alert when it opens, and when it opens anew', async () => {
    const row = await purchase();
    await run();
    await run({ networkLedger: [lineOf(row)] });
    await run();
    expect(await alerts()).toMatchObject([
      {
        kind: 'case',
        scenario: 'inconsistency',
        subject: 'case missing-at-network',
        transaction: row.transaction,
      },
      { subject: 'case missing-at-network', summary: expect.stringContaining('opened anew') },
    ]);
    expect(JSON.stringify(await alerts())).not.toContain('424242');
  });

  it('opens anew where it was accepted and then differs by another amount', async () => {
    const row = await purchase();
    const [short, shorter] = [{ captured: 2_400 }, { captured: 2_300 }].map((moves) => [lineOf(row, moves)]);
    const id = caseOf(await run({ networkLedger: short ?? [] }));
    await desk.resolve(id, { action: 'accept', by: 'alice', approve: false });
    await desk.resolve(id, { by: 'bob', approve: true });
    expect(await run({ networkLedger: short ?? [] })).toMatchObject({
      differences: [{ caseState: 'resolved' }],
    });
    expect(await run({ networkLedger: shorter ?? [] })).toMatchObject({
      differences: [{ case: id, caseState: 'open', amount: 200 }],
    });
  });

  it('of what is held is not closed by a clearing file, which says nothing of it', async () => {
    await purchase({ kind: 'pre-authorisation' });
    const id = caseOf(await run());
    const clearing = { withoutHolds: new Set(['visa']) };
    expect(await run(clearing)).toMatchObject({ outcome: 'agrees', differences: [] });
    expect((await desk.case(id)).found.state).toBe('open');
  });

  it('takes two people where its action is not safe, whatever they call themselves', async () => {
    await purchase();
    const id = caseOf(await run());
    await expect(desk.resolve(id, { by: 'bob', approve: true })).rejects.toMatchObject({
      code: 'SW_RECON_CASE_STATE',
    });
    await desk.resolve(id, { action: 'by-hand', by: 'alice', approve: false, note: 'receipt 4711' });
    for (const by of ['alice', ' ALICE ', 'ａlice']) {
      await expect(desk.resolve(id, { by, approve: true })).rejects.toMatchObject({
        code: 'SW_RECON_SAME_PERSON',
      });
    }
    await expect(desk.resolve(id, { by: 'bob', approve: true, action: 'accept' })).rejects.toMatchObject({
      code: 'SW_RECON_ACTION',
    });
    expect(await desk.resolve(id, { by: 'bob', approve: true })).toMatchObject({
      state: 'resolved',
      action: 'by-hand',
    });
    await expect(desk.resolve(id, { by: 'carol', approve: false })).rejects.toMatchObject({
      code: 'SW_RECON_CASE_STATE',
    });
  });

  it.each([
    ['an action that is none', { action: 'forget' }, 'SW_RECON_ACTION'],
    ['a case that is none', { id: 999 }, 'SW_RECON_CASE_UNKNOWN'],
  ])('refuses %s', async (_, { id, action }: { id?: number; action?: string }, code) => {
    await purchase();
    const known = caseOf(await run());
    const resolution = { by: 'alice', approve: false, ...(action && { action }) };
    await expect(desk.resolve(id ?? known, resolution)).rejects.toMatchObject({ code });
  });

  it('keeps what happened to it: nobody of the switch can change that', async () => {
    await purchase();
    await run();
    for (const role of ['etika_switch', 'etika_projector', 'etika_reconciler']) {
      const client = new Client({ connectionString: database.url, options: `-c role=${role}` });
      await client.connect();
      for (const change of [
        "update switch.recon_case_event set by = 'x'",
        'delete from switch.recon_case_event',
      ]) {
        await expect(client.query(change)).rejects.toThrow(/permission denied/);
      }
      await client.end();
    }
  });
});

describe('a repair', () => {
  const unknown = decided(false, {
    network: { status: 'unknown', reason: 'no answer' },
    reply: { code: '91' },
    followUps: [],
  });
  const jobs = () =>
    rows<{ task: string }>(
      `select t.identifier as task from graphile_worker._private_jobs j
        join graphile_worker._private_tasks t on t.id = j.task_id order by j.id`,
    );
  const reconciled = () =>
    rows<{ body: object }>("select body from switch.journal where kind = 'reconciled'");

  it('that is safe takes one person, an entry of the journal and a follow-up, in one commit', async () => {
    const row = await purchase({}, unknown);
    const id = caseOf(await run({ networkLedger: [lineOf(row)] }));
    expect(await desk.repairSafe('reconciliation')).toMatchObject({
      repaired: [{ id, state: 'approved' }],
      failed: [],
    });
    expect(await reconciled()).toMatchObject([
      { body: { case: id, repair: 'resend-reversal', by: 'reconciliation', networkMinorUnits: 2_500 } },
    ]);
    expect(await jobs()).toHaveLength(1);
    expect(await desk.repairSafe('reconciliation')).toEqual({ repaired: [], failed: [] });
    expect(await run({ networkLedger: [lineOf(row), lineOf(row, { captured: -2_500 })] })).toMatchObject({
      outcome: 'agrees',
    });
    expect(await historyOf(id)).toEqual(['opened', 'approved', 'resolved']);
  });

  it('is refused where the transaction has moved since, and its case stays open', async () => {
    const advised = {
      kind: 'network-advised',
      body: { reason: 'stand-in', code: '00', attempts: 1 },
    } as const;
    const transaction = await journalTransaction(journal, { enrolled: false }, decided(true), [advised]);
    const id = caseOf(await run());
    expect((await desk.case(id)).found).toMatchObject({
      suggested_action: 'resend-advice',
      is_automatic: true,
    });
    const body = { key: 'k', reply: { code: '00' }, by: 'void' } as const;
    await journal.append({ transaction, version: 4, kind: 'taken-back', body });
    const { repaired, failed } = await desk.repairSafe('reconciliation');
    expect([repaired, failed.map((each) => each.id)]).toEqual([[], [id]]);
    expect((await desk.case(id)).found.state).toBe('open');
    expect(await reconciled()).toEqual([]);
  });
});
