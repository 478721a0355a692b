import { describe, expect, test } from 'vitest';
import { DistinctValues } from './distinct-values.ts';
import { RecentKeys } from './recent-keys.ts';
import { WindowCounts } from './window-counts.ts';

const HOUR_MS = 3_600_000;
const NOON = Date.UTC(2026, 10, 23, 12);

describe('counts over a window', () => {
  test('hold all of the window, and at most a twelfth more', () => {
    const counts = new WindowCounts(HOUR_MS, 100);
    counts.add('a', NOON);
    expect(counts.total('a', NOON + HOUR_MS - 1)).toBe(1);
    expect(counts.total('a', NOON + HOUR_MS + HOUR_MS / 12)).toBe(0);
  });

  test('forget nothing of the window, wherever in a step it began', () => {
    for (let offset = 0; offset < HOUR_MS; offset += 61_000) {
      const counts = new WindowCounts(HOUR_MS, 100);
      counts.add('a', NOON + offset);
      expect(counts.total('a', NOON + offset + HOUR_MS - 1)).toBe(1);
    }
  });

  test('slide: what is old goes, what is new stays', () => {
    const counts = new WindowCounts(HOUR_MS, 100);
    for (let minute = 0; minute < 180; minute += 1) counts.add('a', NOON + minute * 60_000);
    const total = counts.total('a', NOON + 179 * 60_000);
    expect(total).toBeGreaterThanOrEqual(60);
    expect(total).toBeLessThanOrEqual(65);
  });

  test('take what another node wrote earlier into its own step, and nothing from before the window', () => {
    const counts = new WindowCounts(HOUR_MS, 100);
    counts.add('a', NOON);
    counts.add('a', NOON - HOUR_MS / 2);
    counts.add('a', NOON - 3 * HOUR_MS);
    expect(counts.total('a', NOON)).toBe(2);
    expect(counts.total('a', NOON + (3 * HOUR_MS) / 4)).toBe(1);
  });

  test('give room to another key by what was touched longest ago, and count it', () => {
    const counts = new WindowCounts(HOUR_MS, 3);
    for (const key of ['a', 'b', 'c', 'a', 'd']) counts.add(key, NOON);
    expect(['a', 'b', 'c', 'd'].map((key) => counts.total(key, NOON))).toEqual([2, 0, 1, 1]);
    expect({ size: counts.size, forgotten: counts.forgotten }).toEqual({ size: 3, forgotten: 1 });
  });

  test('grow with their keys, and keep every one of them', () => {
    const counts = new WindowCounts(HOUR_MS, 10_000);
    for (let key = 0; key < 5_000; key += 1) counts.add(`k${key}`, NOON, key);
    expect([0, 1_023, 1_024, 4_999].map((key) => counts.total(`k${key}`, NOON))).toEqual([
      0, 1_023, 1_024, 4_999,
    ]);
  });
});

describe('keys and their places', () => {
  test('the key that was used longest ago gives way, whatever the order they came in', () => {
    const most = 50;
    const keys = new RecentKeys(most);
    const expected: string[] = [];
    for (let step = 0; step < 5_000; step += 1) {
      const key = `k${(step * 7_919) % 83}`;
      const known = keys.placeOf(key);
      expect(known !== undefined).toBe(expected.includes(key));
      if (known === undefined) keys.give(key);
      else keys.use(known);
      if (expected.includes(key)) expected.splice(expected.indexOf(key), 1);
      else if (expected.length === most) expected.shift();
      expected.push(key);
    }
    const places = expected.map((key) => keys.placeOf(key));
    expect(new Set(places).size).toBe(most);
    expect(keys.size).toBe(most);
  });
});

describe('different values of a key', () => {
  test('count each once, with the one that is asked about, within the window', () => {
    const values = new DistinctValues(HOUR_MS, 1_000);
    for (const value of ['x', 'y', 'x']) values.add('a', value, NOON);
    expect(values.countWith('a', 'x', NOON)).toBe(2);
    expect(values.countWith('a', 'z', NOON)).toBe(3);
    expect(values.countWith('a', 'z', NOON + HOUR_MS)).toBe(1);
    expect(values.countWith('b', 'z', NOON)).toBe(1);
  });

  test('are bounded in values and in keys', () => {
    const values = new DistinctValues(HOUR_MS, 80);
    for (let value = 0; value < 1_000; value += 1) values.add('a', `v${value}`, NOON);
    expect(values.countWith('a', 'v999', NOON)).toBe(64);
    for (let key = 0; key < 100; key += 1) values.add(`k${key}`, 'v', NOON);
    expect(values.size).toBe(10);
    expect(values.forgotten).toBe(91);
  });
});
