import { expect, it } from 'vitest';
import { HistoryReads, type HistoryRow } from './history-reads.ts';

const row = (transaction: string, version: number): HistoryRow => ({
  transaction,
  version,
  kind: 'notified',
  body: { through: version },
  at: 1,
  node: 'a',
  epoch: '7',
});

/** Reads that end when they are told to. */
function reads() {
  const asked: { transactions: readonly string[]; answer(rows: HistoryRow[]): void; fail(): void }[] = [];
  const histories = new HistoryReads((transactions) => {
    const { promise, resolve, reject } = Promise.withResolvers<HistoryRow[]>();
    asked.push({ transactions, answer: resolve, fail: () => reject(new Error('away')) });
    return promise;
  });
  return { asked, histories };
}

it('reads one at once, and together what is asked for meanwhile', async () => {
  const { asked, histories } = reads();
  const [a, b] = [histories.history('a'), histories.history('b')];
  const rest = Promise.all([histories.history('c'), histories.history('d'), histories.history('c')]);
  expect(asked.map(({ transactions }) => transactions)).toEqual([['a'], ['b']]);
  asked[0]?.answer([row('a', 1), row('a', 2)]);
  expect((await a).map(({ version, epoch }) => [version, epoch])).toEqual([
    [1, 7],
    [2, 7],
  ]);
  asked[1]?.answer([]);
  expect(await b).toEqual([]);

  expect(asked.map(({ transactions }) => transactions)).toEqual([['a'], ['b'], ['c', 'd']]);
  asked[2]?.answer([row('c', 1)]);
  expect((await rest).map((entries) => entries.length)).toEqual([1, 0, 1]);
});

it('fails for those alone whose statement failed', async () => {
  const { asked, histories } = reads();
  const [a, b] = [histories.history('a'), histories.history('b')];
  asked[0]?.fail();
  await expect(a).rejects.toThrow('away');
  asked[1]?.answer([row('b', 1)]);
  expect(await b).toHaveLength(1);
  const again = histories.history('a');
  asked[2]?.answer([row('a', 1)]);
  expect(await again).toHaveLength(1);
});

it('refuses the history that it cannot read, and no other of the set', async () => {
  const { asked, histories } = reads();
  const first = [histories.history('a'), histories.history('b')];
  const set = [histories.history('c'), histories.history('d')];
  for (const { answer } of asked.slice(0, 2)) answer([]);
  await Promise.all(first);
  asked[2]?.answer([{ ...row('c', 1), body: [9, 'of a later release'] }, row('d', 1)]);
  await expect(set[0]).rejects.toMatchObject({ code: 'SW_JOURNAL_ENTRY' });
  expect(await set[1]).toHaveLength(1);
});
