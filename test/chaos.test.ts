/** The short form of `npm run chaos`, as people run it: ten faults on real parts, purchases flowing. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { FAULTS } from '../chaos/faults.ts';

const MAIN = join(import.meta.dirname, '../chaos/main.ts');
const WITHIN_MS = 400_000;

test(
  'ten faults leave no reply late, nothing lost, every queue empty, and one alert each that closes',
  async () => {
    const run = promisify(execFile)(process.execPath, [MAIN, '--short', '--json'], { timeout: WITHIN_MS });
    const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { fault: string; problems: string[] });
    expect({ problems: rows.flatMap(({ problems }) => problems), stderr }).toMatchObject({ problems: [] });
    expect(rows.map(({ fault }) => fault)).toEqual([...FAULTS.map(({ name }) => name), 'books']);
    expect(FAULTS.length).toBeGreaterThanOrEqual(10);
  },
  WITHIN_MS + 30_000,
);
