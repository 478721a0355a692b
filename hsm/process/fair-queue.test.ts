import { expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

const takenOf = (queue: FairQueue<string, string>) => {
  const taken: (string | undefined)[] = [];
  while (queue.size > 0) taken.push(queue.take());
  return taken.join(' ');
};

it('takes from owners in turn, and from each in order of arrival', () => {
  const queue = new FairQueue<string, string>();
  for (const item of ['a1', 'a2', 'a3', 'a4']) queue.push('a', item);
  queue.push('b', 'b1');
  expect(queue.take()).toBe('a1');
  queue.push('c', 'c1');
  queue.push('b', 'b2');
  expect(takenOf(queue)).toBe('b1 a2 c1 b2 a3 a4');
  expect(queue.take()).toBeUndefined();
});

it('makes room by the newest of the longest line, and not for its owner', () => {
  const queue = new FairQueue<string, string>();
  for (const item of ['a1', 'a2', 'a3']) queue.push('a', item);
  expect(queue.makeRoomFor('a')).toBeUndefined();
  expect(queue.makeRoomFor('b')).toBe('a3');
  queue.push('b', 'b1');
  expect(queue.makeRoomFor('b')).toBeUndefined();
  expect(takenOf(queue)).toBe('a1 b1 a2');
});

it('gives back what was taken of a line that never ends', () => {
  const queue = new FairQueue<string, number>();
  for (let item = 0; item < 100; item++) queue.push('a', item);
  for (let item = 100; item < 10_000; item++) {
    queue.push('a', item);
    expect(queue.take()).toBe(item - 100);
  }
});
