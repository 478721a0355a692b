import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { freshDatabase } from '../../test/support/postgres.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { Alert } from '../fallback/alerts.ts';
import { testJournal } from '../projection/testing.ts';
import { type Lives, PostgresLifeRecords } from './life-records.ts';
import { LifeWatch } from './life-watch.ts';

const WELL: Lives = { hasDied: false, gone: [] };

/** A process, what its leases say, and what people were told. */
function watched(lives: Lives | Error) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const state = { lives };
  const read = async () => {
    if (state.lives instanceof Error) throw state.lives;
    return state.lives;
  };
  const alerts = {
    raise: async ({ kind, subject, summary }: Alert) => void told.push(`${kind} ${subject}: ${summary}`),
    closeAlert: async ({ kind, subject }: Pick<Alert, 'kind' | 'subject'>, by: string) =>
      void told.push(`${kind} ${subject} closed: ${by}`),
  };
  const records = { read, close: async () => {} };
  const watch = new LifeWatch({ records, process: 'node-1', clock, log: silentLog, alerts });
  onTestFinished(() => watch.close());
  return { clock, told, state };
}

const UP = 'process-died node-1 closed: node-1 is up';
const DIED = expect.stringContaining('process-died node-1: node-1 died and was started again');

test('who died says so as it is back, once, and closes it when it has been up for a while', async () => {
  const { clock, told } = watched({ ...WELL, hasDied: true });
  await clock.advance(9_000);
  expect(told).toEqual([DIED]);
  await clock.advance(30_000);
  expect(told).toEqual([DIED, UP]);
});

test('who stopped in good order closes what others said of it, and says nothing', async () => {
  const { clock, told } = watched(WELL);
  await clock.advance(30_000);
  expect(told).toEqual([UP]);
});

test('what cannot be looked at while the database is away is told when it is back', async () => {
  const { clock, told, state } = watched(new Error('the database is away'));
  await clock.advance(30_000);
  expect(told).toEqual([]);
  state.lives = { ...WELL, hasDied: true };
  await clock.advance(3_000);
  expect(told).toEqual([DIED, UP]);
});

test('another one that nobody starts again is told of once for each of its lives', async () => {
  const { clock, told, state } = watched(WELL);
  const gone = (epoch: number) => ({ ...WELL, gone: [{ process: 'node-2', epoch, silentMs: 21_400 }] });
  await clock.advance(0);
  state.lives = gone(7);
  await clock.advance(10_000);
  state.lives = gone(9);
  await clock.advance(10_000);
  const died = 'process-died node-2: node-2 died, and nobody has started it again: no sign of life for 21 s';
  expect(told).toEqual([UP, died, died]);
});

test('the leases tell a death from an end in good order, and from a database that was away', async () => {
  const database = await freshDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const records = new PostgresLifeRecords(database.url, silentLog);
  onTestFinished(async () => {
    await records.close();
    await client.end();
    await database.drop();
  });
  const read = () => records.read('node-1');

  const first = await testJournal(database.url);
  expect(await read()).toEqual(WELL);
  await first.close();
  const second = await testJournal(database.url);
  expect(await read()).toEqual(WELL);
  const third = await testJournal(database.url); // the second one never said that it ends
  expect(await read()).toEqual({ ...WELL, hasDied: true });

  const worker = await testJournal(database.url, 'node-1.worker');
  const other = await testJournal(database.url, 'node-2');
  const past = (who: string, column: string) =>
    client.query(
      `update switch.lease set ${column} = now() - interval '130 seconds' where node like '${who}'`,
    );
  await past('node-2', 'expires_at');
  await past('node-1.worker', 'expires_at');
  expect((await read()).gone).toEqual([]); // whoever looks has not been heard of for a lease himself
  await past('node-1', 'steady_since');
  expect((await read()).gone).toMatchObject([{ process: 'node-2' }]);
  await client.query("insert into switch.follow_up_worker (pool, node, renewed_at) values ('p', 'w', now())");
  expect((await read()).gone).toMatchObject([{ process: 'node-1.worker' }, { process: 'node-2' }]);

  await past('node-2', 'ended_at'); // by another node, when it had run out
  expect((await read()).gone).toHaveLength(2);
  await client.query("update switch.lease set expires_at = now() - interval '2 days' where node = 'node-2'");
  expect((await read()).gone).toHaveLength(1);
  for (const journal of [second, third, worker, other]) await journal.close();
});
