import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { dayOfTime } from './claim-names.ts';
import type { NewEntry } from './journal.ts';
import { admin, claim, database, decided, openJournal, useFreshDatabase } from './testing.ts';

useFreshDatabase();

/** A clock that the test sets. */
function clockAt(iso: string): Clock & { set(iso: string): void } {
  let offset = Date.parse(iso) - systemClock.wall();
  return {
    ...systemClock,
    wall: () => systemClock.wall() + offset,
    set(later) {
      offset = Date.parse(later) - systemClock.wall();
    },
  };
}

const partitionOf = async (table: string, where: string) => {
  const { rows } = await admin.query<{ name: string }>(
    `select distinct tableoid::regclass::text as name from switch.${table} where ${where} order by 1`,
  );
  return rows.map(({ name }) => name);
};

const referenceOf = (rrn: string) => `line|T|${rrn}|reference`;
const dayOf = (clock: Clock) => new Date(clock.wall()).toISOString().slice(0, 10).replaceAll('-', '');

function opening(clock: Clock, stamp: string, rrn: string): NewEntry {
  const transaction = timeOrderedUuid(clock, systemRandom);
  const claims = [
    claim(`line|0100|T|M|000001|${stamp}`, transaction),
    claim(`line|original|T|0100|000001|${stamp}`, transaction),
    claim(`${referenceOf(rrn)}|${dayOf(clock)}`, transaction),
  ];
  return { transaction, version: 1, kind: 'intended', body: {}, claims };
}

describe.each([
  ['midnight', '2026-11-29T23:59:58Z', '2026-11-30T00:00:03Z', '20261129235958'],
  ['the end of a month', '2026-11-30T23:59:58Z', '2026-12-01T00:00:03Z', '20261130235958'],
  ['the end of a year', '2026-12-31T23:59:58Z', '2027-01-01T00:00:03Z', '20261231235958'],
  ['the end of February in a leap year', '2028-02-29T23:59:58Z', '2028-03-01T00:00:03Z', '20280229235958'],
])('across %s', (_, before, after, stamp) => {
  test('a repeat, its reversal and its refund find the original, on the other node too', async () => {
    const clock = clockAt(before);
    const [a, b] = [await openJournal('a', { clock }), await openJournal('b', { clock })];
    const original = opening(clock, stamp, '633323000001');
    expect(await a.append(original)).toEqual({ status: 'appended' });
    clock.set(after);
    const repeat = opening(clock, stamp, '633400000001'); // with another reference: it is the request that comes again
    expect(await b.append(repeat)).toMatchObject({ status: 'claimed', transaction: original.transaction });
    expect(await b.history(repeat.transaction)).toEqual([]);
    for (const { key } of original.claims ?? []) {
      expect(await b.transactionOf(key)).toMatchObject({ transaction: original.transaction });
    }
    expect(await b.append(decided(original.transaction))).toEqual({ status: 'appended' });
    expect(await partitionOf('journal', 'true')).toEqual([
      `switch.journal_${before.slice(0, 10).replaceAll('-', '')}`,
    ]);
    expect(await partitionOf('claim', 'day > 0')).toEqual([
      `switch.claim_${before.slice(0, 10).replaceAll('-', '')}`,
    ]);
  });

  test('what a terminal sends a year later under the same numbers is another purchase', async () => {
    const clock = clockAt(before);
    const journal = await openJournal('a', { clock });
    const original = opening(clock, stamp, '633323000001');
    await journal.append(original);
    const year = Number(before.slice(0, 4)) + 4;
    clock.set(`${year}${before.slice(4)}`);
    const later = opening(clock, `${year}${stamp.slice(4)}`, '633323000001');
    expect(await journal.append(later)).toEqual({ status: 'appended' });
    for (const { key } of later.claims ?? []) {
      expect(await journal.transactionOf(key)).toMatchObject({ transaction: later.transaction });
    }
  });
});

test('a reference is found for as many days as the setting says, and not a day longer', async () => {
  const clock = clockAt('2026-11-01T12:00:00Z');
  const journal = await openJournal('a', { clock, keyHorizonDays: 40 });
  const original = opening(clock, '20261101120000', '630512000001');
  await journal.append(original);
  const found = async (iso: string) => {
    clock.set(iso);
    return (await journal.transactionOf(referenceOf('630512000001')))?.transaction;
  };
  expect(await found('2026-12-10T12:00:00Z')).toBe(original.transaction);
  expect(await found('2026-12-13T12:00:00Z')).toBeUndefined();
});

test('a reference that carries no day is looked for from the newest day backwards', async () => {
  const clock = clockAt('2026-11-20T12:00:00Z');
  const journal = await openJournal('a', { clock });
  const first = opening(clock, '20261120120000', '000000000001');
  await journal.append(first);
  for (const later of ['2026-11-29T12:00:00Z', '2027-12-24T12:00:00Z']) {
    clock.set(later);
    expect(await journal.transactionOf(referenceOf('000000000001'))).toMatchObject({
      transaction: first.transaction,
    });
  }
  clock.set('2027-12-26T12:00:00Z'); // behind the horizon of 400 days
  expect(await journal.transactionOf(referenceOf('000000000001'))).toBeUndefined();
  clock.set('2026-11-29T12:00:00Z');
  const second = opening(clock, '20261129120000', '000000000001');
  await journal.append(second);
  expect(await journal.transactionOf(referenceOf('000000000001'))).toMatchObject({
    transaction: second.transaction,
  });
});

describe('days', () => {
  const today = dayOfTime(Date.now());
  const make = async (from: number, to: number) =>
    (await admin.query('select made, in_rest from switch.make_days($1, $2)', [from, to])).rows[0];

  test('what has none is caught, seen, and moved once the day is made', async () => {
    const clock = clockAt('2026-03-01T12:00:00Z');
    const journal = await openJournal('a', { clock });
    clock.set('2026-03-20T12:00:00Z');
    const early = opening(clock, '20260320120000', '607912000001');
    expect(await journal.append(early)).toEqual({ status: 'appended' });
    expect(await partitionOf('journal', 'true')).toEqual(['switch.journal_rest']);
    const day = dayOfTime(clock.wall());
    expect(await make(day - 1, day - 1)).toMatchObject({ in_rest: 4 });
    expect(await make(day, day)).toEqual({ made: 3, in_rest: 0 });
    expect(await make(day, day)).toEqual({ made: 0, in_rest: 0 });
    expect(await partitionOf('journal', 'true')).toEqual(['switch.journal_20260320']);
    expect(await journal.history(early.transaction)).toHaveLength(1);
    expect(await journal.append(early)).toMatchObject({ status: 'claimed', transaction: early.transaction });
    expect(await journal.append(opening(clock, '20260320120001', '607912000002'))).toEqual({
      status: 'appended',
    });
  });

  test('are made for some years around today, by the clock of the database, and for no others', async () => {
    for (const far of [today - 1_001, today + 1_001]) {
      await expect(make(far, far)).rejects.toMatchObject({ code: '22023' });
    }
    await expect(make(today - 201, today + 200)).rejects.toMatchObject({ code: '22023' });
    expect(await make(today + 900, today + 900)).toMatchObject({ made: 3 });
  });

  test('that cannot be made for a flush under way are left in a moment, and made a little later', async () => {
    await openJournal('a');
    await admin.query('begin');
    await admin.query('lock table switch.journal_rest in row exclusive mode');
    const other = new Client({ connectionString: database.url });
    await other.connect();
    const startedAt = performance.now();
    await expect(
      other.query('select * from switch.make_days($1, $2)', [today + 50, today + 50]),
    ).rejects.toMatchObject({ code: '55P03' });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await other.end();
    await admin.query('commit');
    expect(await make(today + 50, today + 50)).toMatchObject({ made: 3 });
  });

  test('are made by two nodes at once, and once only', async () => {
    await Promise.all([openJournal('a'), openJournal('b')]);
    expect(await make(today - 1, today + 1)).toEqual({ made: 0, in_rest: 0 });
  });

  test('an old day is detached and stays so; the others go on', async () => {
    const clock = clockAt('2026-11-20T12:00:00Z');
    const journal = await openJournal('a', { clock });
    const old = opening(clock, '20261120120000', '632412000001');
    await journal.append(old);
    clock.set('2026-11-21T12:00:00Z');
    const young = opening(clock, '20261121120000', '632512000001');
    await journal.append(young);
    await admin.query('alter table switch.journal detach partition switch.journal_20261120');
    await admin.query('alter table switch.claim detach partition switch.claim_20261120');
    expect(await make(dayOfTime(clock.wall()) - 2, dayOfTime(clock.wall()))).toEqual({ made: 0, in_rest: 0 });
    expect(await journal.history(old.transaction)).toEqual([]);
    expect(await journal.transactionOf(old.claims?.[0]?.key ?? '')).toBeUndefined();
    expect(await journal.append(decided(young.transaction))).toEqual({ status: 'appended' });
    const { rows } = await admin.query('select from switch.journal_20261120');
    expect(rows).toHaveLength(1);
  });

  test('a transaction is read from its own day only', async () => {
    await openJournal('a');
    const { transaction } = opening(systemClock, '20261129120000', '1');
    await admin.query('set enable_seqscan = off');
    const { rows } = await admin.query<{ 'QUERY PLAN': string }>(
      `explain select * from switch.journal where transaction = '${transaction}'`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(new Set(plan.match(/journal_\d{8}|journal_rest/g)).size).toBe(1);
  });
});
