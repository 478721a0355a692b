import { expect, test } from 'vitest';
import { WRAPPER_MUTANTS } from '../mutants/wrappers.ts';
import { loadText, runLoad } from './load-run.ts';

const LONG_MS = 120_000;

test('three times what a node carries costs nobody his answer in time, and is over when it is over', {
  timeout: LONG_MS,
}, async () => {
  const result = await runLoad(1);
  expect(result.wrong, loadText(result)).toEqual([]);
  expect(result.refused + result.unanswered).toBeGreaterThan(1_000);
});

test('without admission the same load is noticed', { timeout: LONG_MS }, async () => {
  const mutant = WRAPPER_MUTANTS.find(({ name }) => name === 'late-reply');
  if (!mutant) throw new Error('the mutant is gone');
  expect((await runLoad(1, mutant)).wrong).not.toEqual([]);
});
