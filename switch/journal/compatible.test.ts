import { expect, it } from 'vitest';
import { takeCompatible } from './compatible.ts';
import type { PendingEntry } from './entry.ts';

/** Of what an entry is, no more than decides what it excludes. */
function pending(transaction: string, version: number, ...names: string[]): PendingEntry {
  const claims = names.map((name) => ({ name, key: name, fingerprint: '', role: 'unique' as const }));
  const entry = { transaction, version, kind: 'note', body: {} };
  const settled = { isAnswered: false, resolve() {}, reject() {} };
  return { entry, body: '{}', claims, takes: [], at: 0, sequence: 0, deadline: 0, ...settled };
}

function taken(waiting: readonly PendingEntry[], limit = 100) {
  const { batch, rest, isReordered } = takeCompatible(waiting, limit);
  const named = (entries: readonly PendingEntry[]) =>
    entries.map(({ entry }) => `${entry.transaction}${entry.version}`);
  return { batch: named(batch), rest: named(rest), isReordered };
}

it('takes all that do not exclude each other, up to the limit', () => {
  const waiting = [pending('a', 1, 'k'), pending('b', 1, 'l'), pending('a', 2), pending('c', 1)];
  expect(taken(waiting)).toEqual({ batch: ['a1', 'b1', 'a2', 'c1'], rest: [], isReordered: false });
  expect(taken(waiting, 3)).toEqual({ batch: ['a1', 'b1', 'a2'], rest: ['c1'], isReordered: false });
});

it('sets aside what excludes another, with what comes behind it, and goes on', () => {
  const waiting = [pending('a', 1, 'k'), pending('b', 1, 'k', 'l'), pending('b', 2), pending('c', 1, 'l')];
  const rest = ['b1', 'b2', 'c1'];
  expect(taken([...waiting, pending('d', 1)])).toEqual({ batch: ['a1', 'd1'], rest, isReordered: true });
});

it('looks only so far ahead for what fits', () => {
  const crowd = Array.from({ length: 50 }, (_, n) => pending(`x${n}-`, 1, 'k'));
  const { batch, rest } = taken([...crowd, pending('free', 1)], 10);
  expect(batch).toEqual(['x0-1']);
  expect(rest).toHaveLength(50);
});
