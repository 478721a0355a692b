import { describe, expect, test } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { firstLink } from '../journal/chain.ts';
import type { FlushKeeper, KeptFlush } from '../journal/kept-flush.ts';
import {
  admin,
  claim,
  count,
  database,
  decided,
  intended,
  jobs,
  newTransaction,
  openJournal,
  openJournals,
  useFreshDatabase,
} from '../journal/testing.ts';
import { type ComparedDatabase, postgresComparison } from './compared-database.ts';

useFreshDatabase();

/** What a journal commits, as its own copy gets it. */
function keeper() {
  const kept: KeptFlush[] = [];
  const copy: FlushKeeper = { keep: (flush) => void kept.push(flush), async compare() {} };
  return { kept, copy };
}

async function compared<T>(node: string, work: (at: ComparedDatabase) => Promise<T>): Promise<T> {
  let result: T | undefined;
  await postgresComparison(
    database.url,
    node,
    silentLog,
  )(async (at) => {
    result = await work(at);
  });
  return result as T;
}

const writeAgain = (kept: readonly KeptFlush[], node = 'a') =>
  compared(node, async (at) => {
    const done = [];
    for (const flush of kept) done.push(await at.writeAgain(flush));
    return done;
  });

/** As a copy of the database from before would be. */
async function lose(epoch: number, from: number): Promise<void> {
  await admin.query(
    `with lost as (delete from switch.journal where epoch = $1 and sequence >= $2 returning transaction)
      delete from switch.claim c using lost where c.transaction = lost.transaction`,
    [epoch, from],
  );
  await admin.query('delete from graphile_worker._private_jobs');
}

const journalRows = async () =>
  (await admin.query('select * from switch.journal order by epoch, sequence')).rows;
const claimRows = async () => (await admin.query('select * from switch.claim order by key')).rows;
const cases = async () =>
  (
    await admin.query<{ transaction: string; why: string }>(
      "select transaction, evidence ->> 'why' as why from switch.recon_case where kind = 'answer-lost' order by id",
    )
  ).rows;

test('what is lost is written again to the letter, with its claims and follow-ups, once', async () => {
  const { kept, copy } = keeper();
  const journal = await openJournal('a', { copy });
  const transaction = newTransaction();
  const first = intended(transaction, 'key');
  await journal.append({ ...first, claims: [...(first.claims ?? []), claim('also', transaction, 'alias')] });
  const other = newTransaction();
  await journal.append({ ...intended(other), claims: [claim('also', other, 'alias')] });
  await journal.append(decided(transaction));
  const [rows, claims] = [await journalRows(), await claimRows()];

  await lose(journal.epoch, 1);
  expect(await compared('a', (at) => at.holds(kept[0] as KeptFlush))).toBe(false);
  expect((await writeAgain(kept)).map(({ written }) => written)).toEqual([1, 1, 1]);
  expect(await journalRows()).toEqual(rows);
  expect(await claimRows()).toEqual(claims);
  expect(await jobs()).toBe(1);

  expect((await writeAgain(kept)).map(({ written }) => written)).toEqual([0, 0, 0]);
  expect(await jobs()).toBe(1);
  expect(await compared('a', (at) => at.holds(kept[2] as KeptFlush))).toBe(true);
  expect(await cases()).toEqual([]);
  expect(kept[0]?.link).toBe(firstLink(journal.epoch, 'a'));
});

test('an allowance is taken again', async () => {
  const { kept, copy } = keeper();
  const journal = await openJournal('a', { copy });
  const take = { key: 'card', minorUnits: 700, limit: { count: 5, minorUnits: 10_000 } };
  await journal.append({ ...intended(newTransaction()), takes: [take] });
  await lose(journal.epoch, 1);
  await admin.query('delete from switch.allowance');
  await writeAgain(kept);
  await writeAgain(kept);
  const { rows } = await admin.query('select count::int, minor_units::int from switch.allowance');
  expect(rows).toEqual([{ count: 1, minor_units: 700 }]);
});

describe('what cannot be as it was is a case', () => {
  test('another decision stands in its place: it stays', async () => {
    const { kept, copy } = keeper();
    const journal = await openJournal('a', { copy });
    const transaction = newTransaction();
    await journal.append(intended(transaction));
    await journal.append(decided(transaction));
    await lose(journal.epoch, 2);
    const other = await openJournal('b');
    await other.append({ ...decided(transaction), body: { reply: '91' } });
    expect((await writeAgain(kept)).at(-1)).toEqual({ written: 0, conflicts: 1 });
    expect(await cases()).toEqual([{ transaction, why: 'something else was written in its place' }]);
  });

  test('another transaction has its key since: it is written without', async () => {
    const { kept, copy } = keeper();
    const journal = await openJournal('a', { copy });
    const transaction = newTransaction();
    await journal.append(intended(transaction, 'key'));
    await lose(journal.epoch, 1);
    const other = await openJournal('b');
    const repeat = newTransaction();
    await other.append(intended(repeat, 'key'));
    expect(await writeAgain(kept)).toEqual([{ written: 1, conflicts: 1 }]);
    expect(await other.transactionOf('key')).toMatchObject({ transaction: repeat });
    expect(await other.history(transaction)).toHaveLength(1);
    expect(await cases()).toEqual([{ transaction, why: 'another transaction has its key since' }]);
  });

  test('its epoch was given to another node since', async () => {
    const { kept, copy } = keeper();
    const journal = await openJournal('a', { copy });
    const transaction = newTransaction();
    await journal.append(intended(transaction));
    await lose(journal.epoch, 1);
    expect(await writeAgain(kept, 'c')).toEqual([{ written: 0, conflicts: 1 }]);
    expect(await cases()).toEqual([{ transaction, why: "its epoch is another node's now" }]);
  });
});

test('an epoch that the database does not know any more is there again, over, and read by the projection', async () => {
  const { kept, copy } = keeper();
  const journal = await openJournal('a', { copy });
  await journal.append(intended(newTransaction()));
  const { epoch } = journal;
  await lose(epoch, 1);
  await admin.query('delete from switch.lease where epoch = $1', [epoch]);
  await writeAgain(kept);
  const { rows } = await admin.query(
    'select node, ended_at is not null as over, settled_at from switch.lease where epoch = $1',
    [epoch],
  );
  expect(rows).toEqual([{ node: 'a', over: true, settled_at: null }]);
  expect((await admin.query('select is_finished from switch.projection_cursor')).rows).toEqual([
    { is_finished: false },
  ]);
  expect((await openJournal('d')).epoch).toBeGreaterThan(epoch);
});

describe('what a dead node left open', () => {
  test('is not reversed by others once data was lost, but told; its node coming back ends the doubt', async () => {
    const dead = await openJournal('dead');
    const transaction = timeOrderedUuid(systemClock, systemRandom);
    await dead.append(intended(transaction));
    await dead.close();
    openJournals.delete(dead);
    const living = await openJournal('living');
    const place = { epoch: living.epoch, first: 1, last: 7, link: '00'.repeat(32) };
    await compared('living', (at) => at.noteLoss(place, 'it lacks what was there'));
    await compared('living', (at) => at.noteLoss(place, 'it lacks what was there'));
    expect(await count("switch.alert where kind = 'data-lost'")).toBe(1);

    expect(await living.undecided()).toEqual([]);
    expect(await cases()).toMatchObject([{ transaction }]);
    await compared('dead', (at) => at.vouch(dead.epoch));
    expect(await living.undecided()).toEqual([transaction]);
  });
});
