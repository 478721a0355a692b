import { expect, it } from 'vitest';
import { MOST_INDEXED_SEARCHES, RecentNumbers } from './recent-numbers.ts';

/** Searches that end when they are told to. */
function searches(recent: RecentNumbers) {
  const begun: string[] = [];
  const endings = new Map<string, () => void>();
  const search = (name: string, most?: number) =>
    recent.search(async () => {
      begun.push(name);
      await new Promise<void>((end) => endings.set(name, end));
      return name;
    }, most);
  return { begun, search, end: (name: string) => endings.get(name)?.() };
}

it('a search waits for the one before it, and is asked then', async () => {
  const { begun, search, end } = searches(new RecentNumbers());
  const first = search('first');
  const second = search('second');
  expect(begun).toEqual(['first']);

  end('first');
  expect(await first).toBe('first');
  await Promise.resolve();
  expect(begun).toEqual(['first', 'second']);
  end('second');
  expect(await second).toBe('second');
});

it('sixteen wait and no more: whoever comes then is told at once that nothing was asked', async () => {
  const { search, end } = searches(new RecentNumbers());
  const first = search('first');
  for (let i = 0; i < 16; i += 1) void search(`waiting ${i}`);
  expect(await search('too many')).toBeUndefined();

  end('first');
  await first;
  const again = Symbol('it waits');
  expect(await Promise.race([search('in the place of the first'), Promise.resolve(again)])).toBe(again);
});

it('a search that fails gives its turn to the next', async () => {
  const recent = new RecentNumbers();
  const failing = recent.search(() => Promise.reject(new Error('the database is away')));
  const next = recent.search(async () => 'found');
  await expect(failing).rejects.toThrow('away');
  expect(await next).toBe('found');
});

it('what an index answers waits for no search of another kind', async () => {
  const { begun, search } = searches(new RecentNumbers());
  void search('a scan');
  void search('another scan');
  void search('by an index', MOST_INDEXED_SEARCHES);
  await Promise.resolve();
  expect(begun).toEqual(['a scan', 'by an index']);
});
