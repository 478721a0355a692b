import { expect, test } from 'vitest';
import type { Row } from '../end-to-end/row.ts';
import { comparison } from './compare.ts';
import type { Result } from './save.ts';

const row: Row = {
  case: '500/s',
  offered: 500,
  terminals: 10,
  seconds: 1,
  done: 500,
  approved: 500,
  declined: 0,
  shed: 0,
  unanswered: 0,
  uncertain: 0,
  lost: 0,
  late: 0,
  stands: 0,
  p50_ms: 10,
  p99_ms: 20,
  max_ms: 30,
  lag_ms: 1_000,
  cpu_us_per_tx: { switch: 100, worker: 0, postgres: 100, hsm: 10, simulators: 10, generator: 20, all: 240 },
  bare_cpu_us_per_tx: 50,
  ratio: 2,
  bytes_per_tx: 1_800,
  wal_per_tx: 4_000,
  behind_ms: 1,
  codes: { '00': 500 },
  differences: [],
};

function result(...rows: Row[]): Result {
  const machine = { cores: 2, cpuModel: 'a processor', memoryGiB: 8, node: 'v24', loadAtStart: 0.1 };
  return { ...machine, at: '2026-11-29T22:00:00.000Z', commit: 'abc', postgres: '18', args: [], rows };
}

/** The cells of the first row, by the names of their columns. */
function cells(lines: string[]): Record<string, string> {
  const head = lines.findIndex((line) => line.startsWith('case'));
  const names = (lines[head] ?? '').slice(30).trim().split(/\s+/);
  const values = (lines[head + 1] ?? '').slice(30).trim().split(/\s+/);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

test('each figure is the later by the earlier; what got worse by more than 5 % is marked', () => {
  const cheaper = { ...row.cpu_us_per_tx, switch: 50, postgres: 104, hsm: 11 };
  const after = result({ ...row, cpu_us_per_tx: cheaper, shed: 3, ratio: null });
  expect(cells(comparison(result(row), after))).toMatchObject({
    switch: '0.50',
    postgres: '1.04',
    hsm: '1.10✗',
    shed: '3✗',
    lost: '=',
    worker: '=',
    ratio: '–',
  });
});

test('rows that one of the two lacks are named, and other machines are told', () => {
  const other = { ...result({ ...row, case: '1000/s' }), cores: 8 };
  const text = comparison(result(row), other).join('\n');
  expect(text).toMatch(/500\/s, 10 terminals +only in A/);
  expect(text).toMatch(/1000\/s, 10 terminals +only in B/);
  expect(text).toContain('different machines');
});
