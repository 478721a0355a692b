import { expect, test } from 'vitest';
import { runCampaign, seedsFrom } from './campaign.ts';
import { drawFaults } from './draw-faults.ts';
import { failureText } from './report.ts';
import { runSeed } from './run.ts';
import { SeededRandom } from './world/seeded-random.ts';

const SEEDS = 300;
const LONG_MS = 600_000;

test(`the invariants hold in ${SEEDS} seeds, and everything happens in them`, {
  timeout: LONG_MS,
}, async () => {
  const { failed, missed, seeds, approved } = await runCampaign({ seeds: seedsFrom(1, SEEDS) });
  const [seed] = failed;
  const text = seed === undefined ? '' : failureText(await runSeed({ seed, isTold: true }), 'this one');
  expect(failed, text).toEqual([]);
  expect(seeds).toBe(SEEDS);
  expect(approved).toBeGreaterThan(SEEDS);
  expect(missed, 'a campaign must have seen everything').toEqual([]);
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

test('every fault of the catalogue is drawn', () => {
  const drawn = new Set<string>();
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const { faults } = drawFaults(new SeededRandom(seed, 'faults'), 30_000, 2);
    for (const { on, kind } of faults) drawn.add(`${on}: ${kind}`);
  }
  expect([...drawn].sort()).toMatchInlineSnapshot(`
    [
      "database: database away",
      "database: database crash",
      "database: database cut",
      "database: database deadlocks",
      "database: database slow",
      "hsm: away",
      "hsm: busy with payments",
      "hsm: busy with the rest",
      "hsm: failing",
      "hsm: garbled",
      "hsm: silent",
      "hsm: slow",
      "line: network cut",
      "line: network flaps",
      "line: network half-open",
      "line: network lost",
      "line: network refuses",
      "line: terminals cut",
      "network: at-the-deadline",
      "network: gray",
      "network: silent",
      "network: slow",
      "network: slow-to-act",
      "network: spoilt",
      "node: clock step",
      "node: crash",
      "node: crash at",
      "node: crash loop",
      "node: pause",
      "node: power lost",
      "node: restart",
      "operator: network-degraded:iso87",
      "operator: network-degraded:visa",
      "operator: pop-degraded",
      "pop: contradicting",
      "pop: down",
      "pop: failing",
      "pop: overtaken",
      "pop: partial",
      "pop: silent",
      "pop: slow",
      "pop: slow-to-act",
    ]
  `);
});
