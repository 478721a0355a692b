/** What is due and what is late, where the node that wrote it had a wrong clock: the database's clock says. */
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { FollowUpHealthReader } from '../follow-up/queue-health.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import { ProjectionReader } from './projection-reader.ts';
import { decided, journalTransaction, testJournal, testProjector } from './testing.ts';

const FINAL_AFTER_MS = 6_000;
let database: TestDatabase;
let journal: PostgresJournal;
let client: Client;
beforeEach(async () => {
  database = await freshDatabase();
  journal = await testJournal(database.url);
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await journal.close();
  await database.drop();
});

/** A purchase that was written while the node's clock was so many hours ahead. */
async function writtenAhead(hours: number): Promise<void> {
  const transaction = await journalTransaction(journal, {}, decided(true));
  await client.query("update switch.journal set at = at + $1 * interval '1 hour' where transaction = $2", [
    hours,
    transaction,
  ]);
}

it.each([-24, 0, 24])('a proof is asked for in time, by a node that was %i hours ahead', async (hours) => {
  await writtenAhead(hours);
  const projector = testProjector(database.url, { finalityMs: FINAL_AFTER_MS });
  const ports = { databaseUrl: database.url, clock: systemClock, log: silentLog, readDeadlineMs: 10_000 };
  const reader = new ProjectionReader(ports);
  expect(await reader.reach(systemClock.monotonic() + 15_000)).toBe(true);
  await projector.stop();
  await reader.close();

  const { rows } = await client.query(
    'select extract(epoch from due_at - now())::double precision * 1000 as ms from switch.awaited_proof',
  );
  expect(rows).toHaveLength(1);
  expect(rows[0].ms).toBeLessThanOrEqual(FINAL_AFTER_MS);
  expect(rows[0].ms).toBeGreaterThan(-59_000);
});

it('an entry is late by what its node’s clock is known to be wrong by, and not before that is known', async () => {
  const clock = new VirtualClock();
  const reader = new FollowUpHealthReader({ databaseUrl: database.url, clock, log: silentLog });
  const late = async () => ((await reader.read()).oldestUnprojectedMs ?? 0) > 60_000;
  expect(await late()).toBe(false);
  await writtenAhead(-24);
  expect(await late()).toBe(false); // it was well a moment ago
  const ahead = 'insert into switch.node_clock (node, ahead_ms) values ($1, $2)';
  await client.query(ahead, ['node-1', -86_400_000]);
  await clock.advance(16_000);
  expect(await late()).toBe(false);

  await client.query('delete from switch.node_clock');
  await clock.advance(16_000);
  expect(await late()).toBe(true); // its clock is right, and it does lie there for a day
  await reader.close();
});
