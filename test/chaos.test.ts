/**
 * `npm run chaos -- --short`, as people run it: every fault of the catalogue on real parts, with purchases flowing. It
 * takes three minutes of a machine that has nothing else to do; one that is busy has some more.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { FAULTS } from '../chaos/faults.ts';

const MAIN = join(import.meta.dirname, '../chaos/main.ts');
/** Every wave may take a minute to be over, and a run whose waves all do says so itself. */
const WITHIN_MS = 600_000;
const LEAST = ['database-stopped', 'log-full', 'hsm-hung', 'flood', 'network-cut', 'clock-jumped'];

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

    const names = FAULTS.map(({ name }) => name);
    expect(rows.map(({ fault }) => fault)).toEqual([...names, 'books']);
    expect(names.length).toBeGreaterThanOrEqual(10);
    expect(names).toEqual(expect.arrayContaining(LEAST));
  },
  WITHIN_MS + 30_000,
);
