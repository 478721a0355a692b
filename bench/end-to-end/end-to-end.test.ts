import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Row } from './row.ts';

/** The quick form, as a process of its own: the shape of its row, and that all books agree. Never how fast it is. */
const MAIN = join(import.meta.dirname, '../main.ts');

function bench(...args: string[]) {
  return promisify(execFile)(process.execPath, [MAIN, ...args]);
}

test('the quick form measures one rate, drains its follow-ups, finds all books equal, and exits 0', async () => {
  const { stdout } = await bench('end-to-end', '--quick', '--json', '--rates', '20');
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  expect(rows).toHaveLength(1);
  const [row] = rows as [Row];
  expect(row).toMatchObject({
    case: '20/s',
    offered: 20,
    terminals: 10,
    seconds: 2,
    lost: 0,
    differences: [],
  });
  expect(row.approved + row.declined + row.shed + row.uncertain).toBe(40);
  expect(row.lag_ms).toBeGreaterThanOrEqual(0);
  expect(Object.keys(row.cpu_us_per_tx)).toEqual([
    'switch',
    'worker',
    'postgres',
    'hsm',
    'simulators',
    'generator',
    'all',
  ]);
  for (const group of ['switch', 'postgres'] as const) expect(row.cpu_us_per_tx[group]).toBeGreaterThan(0);
  expect(row.wal_per_tx).toBeGreaterThan(0);
}, 180_000);

test('--help prints an example, and an unknown case is refused by name', async () => {
  expect((await bench('end-to-end', '--help')).stdout).toContain('Example: npm run bench -- end-to-end');
  await expect(bench('end-to-end', '--case', 'noon')).rejects.toMatchObject({
    stderr: expect.stringContaining('there is no case "noon"'),
  });
});
