import { expect, test } from 'vitest';
import { TurnedAway } from './turned-away.ts';

test('is counted by circle until it is taken', () => {
  const turnedAway = new TurnedAway();
  for (const host of ['192.0.2.7', '192.0.2.7', '192.0.2.8']) turnedAway.note(host);
  expect([...turnedAway.take()]).toEqual([
    ['192.0.2.7', 2],
    ['192.0.2.8', 1],
  ]);
  expect(turnedAway.take().size).toBe(0);
});

test('remembers no more than so many circles, and counts the others together', () => {
  const turnedAway = new TurnedAway();
  for (let i = 0; i < 5_000; i += 1) turnedAway.note(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const counts = turnedAway.take();
  expect(counts.size).toBe(1_025);
  expect(counts.get('others')).toBe(5_000 - 1_024);
});
