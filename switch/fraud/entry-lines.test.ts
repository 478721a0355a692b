import { describe, expect, test } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import type { Journal } from '../journal/journal.ts';
import { database, openJournal, useFreshDatabase } from '../journal/testing.ts';
import type { OpeningBody } from '../transaction/entries.ts';
import { countedJournal } from './counted-journal.ts';
import { PostgresEntryLines } from './entry-lines.ts';
import { JournalFollower } from './follow-journal.ts';
import { FraudWatch } from './fraud-watch.ts';
import { openingOf, ruleOf } from './testing.ts';

useFreshDatabase();

const FOUND = {
  did: 'review',
  found: [{ id: 'RULE', action: 'review', seen: [3] }],
  rules: '0123abcd',
} as const;

const DECIDED = {
  network: { status: 'approved', code: '00' },
  pop: { status: 'not-applicable' },
  approved: true,
};

/** A payment of two entries, whose intention says what rules found where they found something. */
async function pay(journal: Pick<Journal, 'append'>, fraud?: typeof FOUND) {
  const transaction = timeOrderedUuid(systemClock, systemRandom);
  const { facts, ...rest } = openingOf({}, 1);
  const body: OpeningBody = { ...rest, facts: { ...facts, transaction }, ...(fraud && { fraud }) };
  await journal.append({ transaction, version: 1, kind: 'intended', body });
  await journal.append({ transaction, version: 2, kind: 'decided', body: DECIDED });
  await journal.append({ transaction, version: 3, kind: 'notified', body: { through: 2 } });
  return transaction;
}

const OFTEN = ruleOf({ check: 'velocity', by: ['card'], of: 'asked', withinMs: 60_000, moreThan: 2 });

/** A node's rules, with its own journal counted and the others' read. */
async function nodeCalled(node: string) {
  const watch = new FraudWatch({
    settings: { mode: 'enforce', rules: [OFTEN] },
    networks: [],
    placeOf: () => undefined,
    clock: systemClock,
  });
  const own = await openJournal(node);
  const lines = new PostgresEntryLines(database.url, silentLog, 5_000);
  const parts = { lines, watch, node, epoch: own.epoch, clock: systemClock, log: silentLog };
  const follower = new JournalFollower(parts);
  const close = async () => {
    await follower.close();
    await lines.close();
  };
  return { watch, journal: countedJournal(own, watch, systemClock), close };
}

test('what a card asks for at one node counts at the other within moments, and once', async () => {
  const [a, b] = [await nodeCalled('a'), await nodeCalled('b')];
  await pay(a.journal);
  await pay(b.journal);
  const found = ({ watch }: typeof a) => watch.judge(openingOf({}, 7))?.found[0]?.seen;
  await waitUntil(async () => found(a) !== undefined && found(b) !== undefined);
  expect([found(a), found(b)]).toEqual([[3], [3]]);
  await Promise.all([a.close(), b.close()]);
});

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
