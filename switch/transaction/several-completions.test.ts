import { expect, it } from 'vitest';
import { isNext } from './several-completions.ts';

it('where a scheme knows one completion only, it is said to be the only one', () => {
  const first = (count: number) => isNext({ sequence: 1, count }, [], 1);
  expect([first(1), first(0), first(2)]).toEqual([true, false, false]);
  expect(isNext({ sequence: 1, count: 0 }, [], 99)).toBe(true);
});
