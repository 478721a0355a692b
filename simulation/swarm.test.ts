import { expect, test } from 'vitest';
import { AWAITED } from './awaited.ts';
import { drawFeatures, PLAIN } from './features.ts';
import type { WrapperMutant } from './mutants/wrapper-mutant.ts';
import { WRAPPER_MUTANTS } from './mutants/wrappers.ts';
import { HABITS, type HabitName } from './peers/habits/all-habits.ts';
import { missedProbes } from './probes.ts';
import { runSeed } from './run.ts';
import { shrink } from './shrink.ts';
import { storyHtml } from './story/html.ts';
import { storyText } from './story/text.ts';
import { SeededRandom } from './world/seeded-random.ts';

/** By the clock, since the test itself has a time limit. */
const SHRINKING_MS = 45_000;
const LONG_MS = 120_000;
const MOST_PAYMENTS = 3;
const MOST_FAULTS = 2;

function featuresOf(seed: number, forced: readonly HabitName[] = []) {
  return drawFeatures(new SeededRandom(seed, 'features'), forced);
}

test('every habit is drawn by some seeds and left out by others, but an awaited one by all', () => {
  const drawn = new Map<string, number>();
  for (let seed = 1; seed <= 400; seed += 1) {
    for (const name of featuresOf(seed).habits) drawn.set(name, (drawn.get(name) ?? 0) + 1);
  }
  const awaited = AWAITED.map(({ name }) => name as string);
  for (const { name } of HABITS) {
    const times = drawn.get(name) ?? 0;
    if (awaited.includes(name)) expect(times, name).toBe(0);
    else expect(times > 0 && times < 400, name).toBe(true);
  }
});

test('a habit that is asked for is on, awaited or not, and changes nothing else that is drawn', () => {
  const [{ name }] = HABITS as [(typeof HABITS)[number]];
  for (let seed = 1; seed <= 50; seed += 1) {
    const usual = featuresOf(seed);
    const forced = featuresOf(seed, [name]);
    expect(forced.habits.has(name)).toBe(true);
    expect(forced).toEqual({ ...usual, habits: new Set([...usual.habits, name]) });
  }
});

test('no two habits have one name, and each says what it is', () => {
  expect(new Set(HABITS.map(({ name }) => name)).size).toBe(HABITS.length);
  for (const { says } of HABITS) expect(says).toMatch(/^[a-z0-9]/);
});

test('a campaign that saw nothing is told all that it missed', () => {
  const missed = missedProbes({ 'purchase approved': 3 });
  expect(missed).toContain('late approval reversed');
  expect(missed).toContain('habit time-zone');
  expect(missed).not.toContain('purchase approved');
});

test('payments that are left out leave the others as they are', { timeout: LONG_MS }, async () => {
  const options = { seed: 1, features: PLAIN, faults: [] };
  const whole = await runSeed({ ...options, isTold: true });
  const one = await runSeed({ ...options, isTold: true, payments: [0] });
  expect(one.violations).toEqual([]);
  const asked = (lines: typeof whole.timeline) =>
    lines.flatMap(({ what }) => /^→ \S+ of (\d+) in (\d+)/.exec(what)?.slice(1).join(' ') ?? []);
  expect(asked(one.timeline).length).toBeGreaterThan(0);
  expect(asked(whole.timeline)).toEqual(expect.arrayContaining(asked(one.timeline)));
});

/** With the habits that it draws, and without them as well: then none of them is to be left. */
async function failsAmongKindPeers(seed: number, mutant: WrapperMutant): Promise<boolean> {
  const features = { ...featuresOf(seed), habits: new Set<HabitName>() };
  for (const options of [
    { seed, mutant, features },
    { seed, mutant },
  ]) {
    if ((await runSeed(options)).violations.length === 0) return false;
  }
  return featuresOf(seed).habits.size > 0;
}

test('a failing seed is cut down to a few payments and faults, and told as a table', {
  timeout: LONG_MS,
}, async () => {
  const mutant = WRAPPER_MUTANTS.find(({ name }) => name === 'refund-limit');
  if (!mutant) throw new Error('the mutant is gone');
  let seed = 1;
  while (!(await failsAmongKindPeers(seed, mutant))) seed += 1;

  const { payments, faults, habits, result } = await shrink({
    seed,
    mutant,
    now: () => performance.now(),
    withinMs: SHRINKING_MS,
  });
  expect(payments.length).toBeLessThanOrEqual(MOST_PAYMENTS);
  expect(faults.length).toBeLessThanOrEqual(MOST_FAULTS);
  expect(habits).toEqual([]);
  expect(result.violations.map(({ invariant }) => invariant)).toContain('I4 conservation');
  const story = storyText(result);
  expect(story).toMatch(/second │ +│ terminal +│ switch +│ network +│.* money/);
  expect(story).toContain('✗');
  expect(story).toContain('refunded');
  expect(storyHtml(result)).toContain('<table>');
});
