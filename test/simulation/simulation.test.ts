import { expect, test } from 'vitest';
import { huntMutants, runCampaign } from './campaign.ts';
import type { Fault } from './faults.ts';
import { failureText } from './report.ts';
import { runSeed } from './run.ts';

const SEEDS = 300;
/** Mutants that seldom show take longer than a test may: `npm run sim -- --mutants` hunts all of them. */
const QUICK_MUTANTS = ['pre-send-commit', 'pre-reply-commit', 'idempotency-key', 'reversal-retry'];
const QUICK_MUTANT_SEEDS = 200;
const LONG_MS = 300_000;

test(`the invariants hold in ${SEEDS} seeds`, { timeout: LONG_MS }, async () => {
  const { failed, seeds, approved } = await runCampaign({ first: 1, count: SEEDS });
  const [seed] = failed;
  const text = seed === undefined ? '' : failureText(await runSeed({ seed, isTold: true }), 'this one');
  expect(failed, text).toEqual([]);
  expect(seeds).toBe(SEEDS);
  expect(approved).toBeGreaterThan(SEEDS);
});

test('the same seed gives the same history, told or not', { timeout: LONG_MS }, async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const told = await runSeed({ seed, isTold: true });
    const untold = await runSeed({ seed });
    expect(untold).toMatchObject({ hash: told.hash, events: told.events, virtualMs: told.virtualMs });
  }
});

test('another seed gives another history', { timeout: LONG_MS }, async () => {
  const [one, other] = [await runSeed({ seed: 1 }), await runSeed({ seed: 2 })];
  expect(one.hash).not.toBe(other.hash);
});

test.each(QUICK_MUTANTS)('the switch without its %s is found out', { timeout: LONG_MS }, async (name) => {
  for await (const hunt of huntMutants(QUICK_MUTANT_SEEDS, [name])) {
    expect(hunt.seed, `${hunt.removes}: nobody noticed`).toBeDefined();
  }
});

const OVERTAKEN: readonly Fault[] = [{ on: 'pop', kind: 'overtaken', share: 1, from: 0, to: 30_000 }];

/** Seeds that once found a defect: docs/simulation.md has a line for each. */
test('a proof initiated late does not stand for a purchase that was declined', {
  timeout: LONG_MS,
}, async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    expect((await runSeed({ seed, faults: OVERTAKEN })).violations).toEqual([]);
  }
});
