import { expect, it } from 'vitest';
import { isNext } from './several-completions.ts';

it('where a scheme knows one completion only, it is said to be the only one', () => {
  const first = (count: number) => isNext({ sequence: 1, count }, [], 1);
  expect([first(1), first(0), first(2)]).toEqual([true, false, false]);
  expect(isNext({ sequence: 1, count: 0 }, [], 99)).toBe(true);
});

it('each is the next of as many as were said before', () => {
  const first = { sequence: 1, count: 3, minorUnits: 900, stan: '000001', transmittedAt: '1123120000' };
  const next = (sequence: number, count: number) => isNext({ sequence, count }, [first], 99);
  expect([next(2, 3), next(2, 0), next(1, 3), next(3, 3), next(2, 2)]).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
