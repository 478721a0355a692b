import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
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
  const [other] = nodes;
  const others = await Promise.all(
    Array.from({ length: 20 }, (_, n) => {
      const own = { key: `stand-in|card|${n}|20261123|978`, limit: card.limit };
      return other?.take(transaction(100 + n), 100, [own, merchant], FOREVER);
    }),
  );
  expect(others.filter((result) => result === undefined)).toHaveLength(20 - 12);
});

const anew = () => timeOrderedUuid(systemClock, systemRandom);

test('takes of one merchant by the hundred do not hold up or fail a payment of another', async () => {
  const [journal] = journals;
  const node = journal && new Allowances({ journal, clock: systemClock, random: systemRandom });
  const merchant = { key: 'stand-in|merchant|busy|20261123|978', limit: { count: 10_000, minorUnits: 1e9 } };
  const deadline = () => systemClock.monotonic() + 5_000;
  const takes: Promise<unknown>[] = [];
  const others: Promise<unknown>[] = [];
  for (let n = 0; n < 300; n += 1) {
    const card = { key: `stand-in|card|busy-${n}|20261123|978`, limit: { count: 5, minorUnits: 10_000 } };
    takes.push(Promise.resolve(node?.take(anew(), 100, [card, merchant], deadline())));
    const entry = { transaction: anew(), version: 1, kind: 'intended', body: {} };
    const claims = [{ key: `unrelated|${n}`, fingerprint: 'f', role: 'unique' as const }];
    others.push(Promise.resolve(journal?.append({ ...entry, claims }, deadline())));
  }
  expect(new Set(await Promise.all(takes))).toEqual(new Set([undefined]));
  expect(await Promise.all(others)).toEqual(Array.from({ length: 300 }, () => ({ status: 'appended' })));
});

test('an entry that is refused for another reason has taken nothing', async () => {
  const [journal] = journals;
  if (!journal) throw new Error('there is no journal');
  const take = {
    key: 'stand-in|card|refused|20261123|978',
    minorUnits: 60,
    limit: { count: 9, minorUnits: 100 },
  };
  const claims = [{ key: 'refused|once', fingerprint: 'f', role: 'unique' as const }];
  const entry = () => ({
    transaction: anew(),
    version: 1,
    kind: 'stand-in-reserved',
    body: {},
    takes: [take],
  });
  await journal.append({ ...entry(), takes: [], claims });
  expect(await journal.append({ ...entry(), claims })).toMatchObject({ status: 'claimed' });
  expect(await journal.append(entry())).toEqual({ status: 'appended' });
  expect(await journal.append(entry())).toEqual({ status: 'exhausted', key: take.key });
});

test('what is taken in one flush by entries that do not all fit is given in their order', async () => {
  const [journal] = journals;
  const node = journal && new Allowances({ journal, clock: systemClock, random: systemRandom });
  const few = { key: 'stand-in|card|few|20261123|978', limit: { count: 3, minorUnits: 10_000 } };
  const wide = { key: 'stand-in|merchant|wide|20261123|978', limit: { count: 9, minorUnits: 10_000 } };
  const deadline = systemClock.monotonic() + 5_000;
  const burst = Array.from({ length: 5 }, () => node?.take(anew(), 10, [wide, few], deadline));
  const out = { exhausted: few.key };
  expect(await Promise.all(burst)).toEqual([undefined, undefined, undefined, out, out]);
  const others = Array.from({ length: 7 }, () => node?.take(anew(), 10, [wide], deadline));
  expect((await Promise.all(others)).filter((each) => each === undefined)).toHaveLength(6);
});
