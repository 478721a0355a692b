import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog, systemClock, systemRandom } from '../../runtime/index.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { createJournal, type PostgresJournal } from '../journal/postgres-journal.ts';
import { Allowances } from './allowances.ts';

const FOREVER = Number.POSITIVE_INFINITY;
const transaction = (n: number) => `0199a000-0000-7000-8000-${String(n).padStart(12, '0')}`;

let database: TestDatabase;
const journals: PostgresJournal[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  for (const node of ['node-1', 'node-2']) {
    journals.push(
      await createJournal({
        databaseUrl: database.url,
        node,
        clock: systemClock,
        log: silentLog,
        maxWaiting: 1_000,
        appendDeadlineMs: 10_000,
        leaseMs: 60_000,
        onFenced: () => {},
      }),
    );
  }
});

afterAll(async () => {
  for (const journal of journals) await journal.close();
  await database?.drop();
});

test('two nodes on one PostgreSQL that take together take what the limits allow, to the unit', async () => {
  const nodes = journals.map(
    (journal) => new Allowances({ journal, clock: systemClock, random: systemRandom }),
  );
  const card = { key: 'stand-in|card|a|20261123|978', limit: { count: 100, minorUnits: 1_250 } };
  const merchant = { key: 'stand-in|merchant|m|20261123|978', limit: { count: 20, minorUnits: 1_000_000 } };
  const results = await Promise.all(
    Array.from({ length: 60 }, (_, n) => nodes[n % 2]?.take(transaction(n), 100, [card, merchant], FOREVER)),
  );
  expect(results.filter((result) => result === undefined)).toHaveLength(12);
  expect(results.filter((result) => result?.exhausted === card.key)).toHaveLength(48);
  const ends = await Promise.all(
    [12, 13].map((n) => journals[0]?.transactionOf(`${card.key}|${n}`).then((found) => found?.fingerprint)),
  );
  expect(ends).toEqual(['1200', undefined]);

  const [other] = nodes;
  const others = await Promise.all(
    Array.from({ length: 20 }, (_, n) => {
      const own = { key: `stand-in|card|${n}|20261123|978`, limit: card.limit };
      return other?.take(transaction(100 + n), 100, [own, merchant], FOREVER);
    }),
  );
  expect(others.filter((result) => result === undefined)).toHaveLength(20 - 12);
});
