import { describe, expect, test } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { database, openJournal, useFreshDatabase } from '../journal/testing.ts';
import type { OpeningBody } from '../transaction/entries.ts';
import { PostgresEntryLines } from './entry-lines.ts';
import { openingOf } from './testing.ts';

useFreshDatabase();

const FOUND = {
  did: 'review',
  found: [{ id: 'RULE', action: 'review', seen: [3] }],
  rules: '0123abcd',
} as const;

/** A payment of two entries, whose intention says what rules found where they found something. */
async function pay(journal: Awaited<ReturnType<typeof openJournal>>, fraud?: typeof FOUND) {
  const transaction = timeOrderedUuid(systemClock, systemRandom);
  const { facts, ...rest } = openingOf({}, 1);
  const body: OpeningBody = { ...rest, facts: { ...facts, transaction }, ...(fraud && { fraud }) };
  await journal.append({ transaction, version: 1, kind: 'intended', body });
  await journal.append({ transaction, version: 2, kind: 'decided', body: { approved: true } });
  await journal.append({ transaction, version: 3, kind: 'notified', body: { through: 2 } });
  return transaction;
}

describe('the journal as rules of fraud read it', () => {
  test('node by node from where they were, and payment by payment for a test of the past', async () => {
    const [a, b] = [await openJournal('a'), await openJournal('b')];
    const since = systemClock.wall() - 1_000;
    const first = await pay(a);
    const second = await pay(b, FOUND);
    const lines = new PostgresEntryLines(database.url, silentLog, 5_000);

    expect(await lines.epochs(since)).toEqual([
      { epoch: b.epoch, node: 'b' },
      { epoch: a.epoch, node: 'a' },
    ]);
    const cursors = new Map([
      [a.epoch, 0],
      [b.epoch, 0],
    ]);
    const read = await lines.after(cursors, since, 100);
    expect(read.map(({ transaction, kind }) => [transaction, kind])).toEqual([
      [first, 'intended'],
      [first, 'decided'],
      [second, 'intended'],
      [second, 'decided'],
    ]);
    expect(read[0]?.body).not.toHaveProperty('fraud');
    expect(read[2]?.body).toMatchObject({ fraud: FOUND, facts: { transaction: second } });

    const [, last] = read;
    const behind = new Map([[a.epoch, last?.sequence ?? 0]]);
    expect(await lines.after(behind, since, 100)).toEqual([]);
    expect(await lines.after(cursors, systemClock.wall() + 60_000, 100)).toEqual([]);

    const seen: string[][] = [];
    for await (const part of lines.between(since, systemClock.wall() + 1_000, 3)) {
      seen.push(part.map(({ transaction, version }) => `${transaction} ${version}`));
    }
    expect(seen).toEqual([[`${first} 1`, `${first} 2`, `${second} 1`], [`${second} 2`]]);
    await lines.close();
  });
});
