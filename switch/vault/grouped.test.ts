import { expect, test, vi } from 'vitest';
import { Grouped } from './grouped.ts';

test('what waits while two questions are under way goes out in one, each with its own answer', async () => {
  const asked: (readonly string[])[] = [];
  const open: (() => void)[] = [];
  const grouped = new Grouped<string, string>(async (keys) => {
    asked.push(keys);
    await new Promise<void>((resolve) => open.push(resolve));
    return keys.map((key) => (key === 'nobody' ? undefined : key.toUpperCase()));
  });
  const all = ['a', 'b', 'c', 'nobody', 'd'].map((key) => grouped.get(key));
  expect(asked).toEqual([['a'], ['b']]);
  open[0]?.();
  expect(await all[0]).toBe('A');
  await vi.waitFor(() => expect(asked[2]).toEqual(['c', 'nobody', 'd']));
  open[1]?.();
  open[2]?.();
  expect(await Promise.all(all)).toEqual(['A', 'B', 'C', undefined, 'D']);
});

test('a question that fails fails those that were in it, and the next is asked', async () => {
  let isBroken = true;
  const grouped = new Grouped<number, number>(async (keys) => {
    if (isBroken) throw new Error('away');
    return keys;
  });
  await expect(grouped.get(1)).rejects.toThrow('away');
  isBroken = false;
  expect(await grouped.get(2)).toBe(2);
});

test('as many as there may be in a question are, and the others go in the next', async () => {
  const sizes: number[] = [];
  const grouped = new Grouped<number, number>(async (keys) => {
    sizes.push(keys.length);
    await Promise.resolve();
    return keys;
  });
  const all = Array.from({ length: 1_200 }, (_, key) => grouped.get(key));
  expect((await Promise.all(all)).at(-1)).toBe(1_199);
  expect(Math.max(...sizes)).toBe(500);
});
