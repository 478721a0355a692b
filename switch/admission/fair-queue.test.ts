import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

const item = (listener: string, peer: string, expiresAt = 0) => ({
  path: [listener, peer, `${peer}:1`],
  expiresAt,
});
const taken = (queue: FairQueue<ReturnType<typeof item>>) => {
  const items = [];
  for (let next = queue.take(); next; next = queue.take()) items.push(next);
  return items;
};

it('listeners take turns, and peers within a listener', () => {
  const queue = new FairQueue<ReturnType<typeof item>>(3);
  for (const peer of ['a', 'a', 'a', 'b', 'b']) queue.add(item('one', peer));
  for (const peer of ['c', 'c']) queue.add(item('two', peer));
  expect(taken(queue).map(({ path }) => path[1])).toEqual(['a', 'c', 'b', 'c', 'a', 'b', 'a']);
});

it('the flood pushes out its own', () => {
  const queue = new FairQueue<ReturnType<typeof item>>(3);
  queue.add(item('one', 'quiet'));
  for (let index = 0; index < 5; index += 1) queue.add(item('one', 'flood', index));
  expect(queue.dropLatest()).toEqual(item('one', 'flood', 4));
});

it('of those with as many waiting, the one that came last goes', () => {
  const queue = new FairQueue<ReturnType<typeof item>>(3);
  for (const peer of ['a', 'b', 'c']) queue.add(item('one', peer));
  expect(queue.dropLatest()).toEqual(item('one', 'c'));
});

it('nothing is lost, and within one connection the earliest deadline comes first', () => {
  const arbitrary = fc.record({
    listener: fc.constantFrom('one', 'two'),
    peer: fc.constantFrom('a', 'b', 'c'),
    expiresAt: fc.integer({ min: 0, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(arbitrary, { maxLength: 60 }), fc.integer({ min: 0, max: 50 }), (added, now) => {
      const queue = new FairQueue<ReturnType<typeof item>>(3);
      for (const { listener, peer, expiresAt } of added) queue.add(item(listener, peer, expiresAt));
      expect(queue.takeExpired(now)).toHaveLength(added.filter(({ expiresAt }) => expiresAt <= now).length);
      const left = taken(queue);
      expect(queue.size).toBe(0);
      expect(left).toHaveLength(added.filter(({ expiresAt }) => expiresAt > now).length);
      for (const name of ['one a', 'one b', 'one c', 'two a', 'two b', 'two c']) {
        const own = left.filter(({ path }) => `${path[0]} ${path[1]}` === name).map((each) => each.expiresAt);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
    }),
  );
});
