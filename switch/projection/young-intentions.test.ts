import { expect, it } from 'vitest';
import type { JournalEntry } from '../journal/journal.ts';
import { YoungIntentions } from './young-intentions.ts';

const entry = (transaction: string, at: number, kind = 'intended', version = 1): JournalEntry => ({
  transaction,
  version,
  kind,
  body: {},
  at,
  node: '',
  epoch: 1,
});

it('keeps what is open and young, until it is grown and written', () => {
  const young = new YoungIntentions();
  expect(young.keep([entry('a', 1_000)], 500)).toBe(true);
  expect(young.keep([entry('b', 400)], 500)).toBe(false);
  expect(young.keep([entry('c', 1_000), entry('c', 1_001, 'decided', 2)], 500)).toBe(false);
  expect(young.keep([entry('d', 1_000, 'remembered')], 500)).toBe(false);
  expect(young.grown(999)).toEqual([]);
  expect(young.grown(1_000)).toEqual([[entry('a', 1_000)]]);
  expect(young.grown(1_000)).toHaveLength(1);
  young.forget(['a']);
  expect(young.grown(1_000)).toEqual([]);
});

it('has a bound, beyond which a payment is projected at once', () => {
  const young = new YoungIntentions();
  for (let n = 0; n < 10_000; n += 1) expect(young.keep([entry(`t-${n}`, 1)], 0)).toBe(true);
  expect(young.keep([entry('one-more', 1)], 0)).toBe(false);
});
