import { expect, test } from 'vitest';
import { huntMutants } from './hunt.ts';

const MUTANT_SEEDS = 200;
const LONG_MS = 600_000;

test('the switch without any one of its safeguards is found out', { timeout: LONG_MS }, async () => {
  const unnoticed: string[] = [];
  for await (const { mutant, removes, seed } of huntMutants({ count: MUTANT_SEEDS, isQuick: true })) {
    if (seed === undefined) unnoticed.push(`${mutant}: without ${removes}`);
  }
  expect(unnoticed).toEqual([]);
});
