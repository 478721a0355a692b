import { expect, it } from 'vitest';
import type { JournalEntry } from '../journal/journal.ts';
import { RecentHistories } from './recent-histories.ts';

const entry = (transaction: string, version: number): JournalEntry => ({
  transaction,
  version,
  kind: 'notified',
  body: {},
  at: 1,
  node: '',
  epoch: 1,
});
const versions = (history: readonly JournalEntry[] | undefined) => history?.map(({ version }) => version);

it('joins what is read with what was read before, in any order and however often', () => {
  const recent = new RecentHistories();
  expect(versions(recent.join('a', [entry('a', 1)]))).toEqual([1]);
  recent.keep([entry('a', 1)]);
  expect(versions(recent.join('a', [entry('a', 3), entry('a', 2), entry('a', 1)]))).toEqual([1, 2, 3]);
  expect(recent.join('a', [entry('a', 3)])).toBeUndefined();
  expect(recent.join('b', [entry('b', 2)])).toBeUndefined();
});

it('keeps no more than it may, and forgets what it is told to', () => {
  const recent = new RecentHistories();
  for (let n = 0; n < 10_000; n += 1) recent.keep([entry(`t-${n}`, 1)]);
  expect(recent.join('t-1', [entry('t-1', 2)])).toBeUndefined();
  expect(versions(recent.join('t-9999', [entry('t-9999', 2)]))).toEqual([1, 2]);
  recent.forget(['t-9999']);
  expect(recent.join('t-9999', [entry('t-9999', 2)])).toBeUndefined();
});
