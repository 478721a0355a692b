import { expect, it } from 'vitest';
import { Arrivals } from './arrivals.ts';

function setUp() {
  const loop = { awayMs: 0 };
  const arrivals = new Arrivals({ heardAt: (now) => now - loop.awayMs });
  /** @returns how old a connection is believed to be that is taken then */
  const ageAt = (now: number, awayMs = 0) => {
    loop.awayMs = awayMs;
    return now - arrivals.cameAt(now);
  };
  return { ageAt };
}

it('connections that are taken one after the other behind a standstill are as old as that', () => {
  const { ageAt } = setUp();
  expect([ageAt(5_000, 480), ageAt(5_002), ageAt(5_020), ageAt(5_044)]).toEqual([480, 482, 500, 524]);
});

it('who comes after a pause has just come, and so has who comes when the standstill is as long ago as it lasted', () => {
  const { ageAt } = setUp();
  expect([ageAt(5_000, 480), ageAt(5_030), ageAt(5_031)]).toEqual([480, 0, 0]);
  const ages = Array.from({ length: 30 }, (_, index) => ageAt(6_000 + index * 20, index === 0 ? 300 : 0));
  expect(ages.indexOf(0)).toBe(16);
  expect(Math.max(...ages)).toBe(600);
});

it('a loop that is a little late makes nobody older than it was', () => {
  const { ageAt } = setUp();
  expect([ageAt(5_000, 60), ageAt(5_010, 60), ageAt(5_020)]).toEqual([60, 60, 0]);
});
