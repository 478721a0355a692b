import { expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { systemRandom, timeOrderedUuid, uuidBoundOf } from './random.ts';

it('gives nobody the bytes of another, however many draw', () => {
  const drawn = Array.from({ length: 2_000 }, (_, index) => systemRandom.bytes(8 + (index % 24)));
  expect(new Set(drawn.map((bytes) => bytes.toString('hex'))).size).toBe(drawn.length);
  expect(drawn.map(({ length }) => length)).toEqual(drawn.map((_, index) => 8 + (index % 24)));
});

it('what is done to drawn bytes changes no others', () => {
  const [first, second] = [systemRandom.bytes(16), systemRandom.bytes(16)];
  const before = second.toString('hex');
  first.fill(0);
  expect(second.toString('hex')).toBe(before);
});

it('gives more than the pool holds', () => {
  expect(systemRandom.bytes(10_000)).toHaveLength(10_000);
});

it('an identifier lies between the bounds of the millisecond that it was made in', () => {
  const wall = () => 1_764_500_000_123;
  const id = timeOrderedUuid({ ...systemClock, wall }, systemRandom);
  expect(uuidBoundOf(wall()) < id && id < uuidBoundOf(wall(), 'f')).toBe(true);
  expect(uuidBoundOf(wall() + 1) > id).toBe(true);
  expect(uuidBoundOf(-1)).toBe('00000000-0000-0000-0000-000000000000');
});
