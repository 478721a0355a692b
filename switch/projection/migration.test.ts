import { Client } from 'pg';
import { expect, test } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { freshDatabase } from '../../test/support/postgres.ts';
import { migrate, readMigrations } from '../database/migrate.ts';
import { ProjectionReader } from './projection-reader.ts';
import { rebuildProjection } from './projector.ts';
import {
  decided,
  journalSteps,
  journalTransaction,
  opening,
  rowsOf,
  testJournal,
  testProjector,
} from './testing.ts';

/** Those before the projection was kept by day. */
function migrationsBefore() {
  const all = readMigrations();
  return all.slice(
    0,
    all.findIndex(({ text }) => text.includes('projected_transaction_before')),
  );
}

test('what was projected before there were days is kept, dated by the hour of then, and goes on', async () => {
  const database = await freshDatabase({ migrated: false });
  const url = database.url;
  await migrate(url, silentLog, migrationsBefore());
  const admin = new Client({ connectionString: url });
  await admin.connect();
  await admin.query('insert into switch.projection_setting (cut_over_hour) values (22)');
  const { facts } = opening();
  await admin.query(
    `insert into switch.projected_transaction (transaction, version, kind, state, listener, terminal, merchant, stan, rrn,
        transmitted_at, masked_pan, card_reference, network, network_state, pop_state, is_enrolled, currency, asked, approved,
        captured, standing, network_amount, business_date, opened_at, cases)
      values ($1, 1, 'purchase', 'intended', 'terminals-ascii', 'TERM0001', 'MERCHANT0000001', '000001', '632812000001',
        '1123120000', '', '', 'visa', 'planned', 'planned', true, '978', 2500, 0, 0, 0, 0, '2026-11-23', now(), '{}')`,
    [facts.transaction],
  );
  await admin.end();

  await migrate(url, silentLog);
  const journal = await testJournal(url);
  const projector = testProjector(url, { cutOverHour: 3, timeZone: 'Europe/Brussels' });
  const reader = new ProjectionReader({
    databaseUrl: url,
    clock: systemClock,
    log: silentLog,
    readDeadlineMs: 10_000,
  });
  const caughtUp = () => reader.reach(systemClock.monotonic() + 15_000);
  try {
    const body = { ...opening(), facts };
    await journalSteps(journal, facts.transaction, [{ kind: 'intended', body }]);
    await journalSteps(journal, facts.transaction, [{ kind: 'decided', body: decided(true) }], 2);
    const next = await journalTransaction(journal);
    expect(await caughtUp()).toBe(true);
    const rows = () =>
      rowsOf<{ transaction: string; state: string; at: string }>(
        url,
        `select transaction, state, tableoid::regclass::text as at from switch.projected_transaction order by transaction`,
      );
    const before = 'switch.projected_transaction_before';
    const [old, young] = await rows();
    expect(old).toEqual({ transaction: facts.transaction, state: 'approved', at: before });
    expect(young).toMatchObject({ transaction: next, state: 'approved' });

    const dates = 'select business_date, opened_at from switch.projected_transaction order by transaction';
    const undated = await rowsOf<{ business_date: string; opened_at: string }>(url, dates);
    const expected = new Date(Date.parse(undated[1]?.opened_at ?? '') + 2 * 3_600_000).toISOString();
    expect(undated[1]?.business_date).toBe(expected.slice(0, 10));
    const calendars = 'select time_zone, cut_over_hour from switch.business_calendar order by valid_from';
    expect(await rowsOf(url, calendars)).toEqual([
      { time_zone: 'UTC', cut_over_hour: 22 },
      { time_zone: 'Europe/Brussels', cut_over_hour: 3 },
    ]);

    await rebuildProjection(url);
    expect(await caughtUp()).toBe(true);
    expect(await rows()).toEqual([old, young]);
  } finally {
    await Promise.all([projector.stop(), reader.close(), journal.close()]);
    await database.drop();
  }
});
