/**
 * `npm run leak-scan -- --short`, as people run it: the real system at debug level, every channel, everything
 * searched. It takes a minute of a machine that has nothing else to do; one that is busy has some more.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PLACES } from '../leak-scan/places/place.ts';
import type { Finding } from '../leak-scan/search/findings.ts';

const MAIN = join(import.meta.dirname, '../leak-scan/main.ts');
const WITHIN_MS = 600_000;

interface Printed {
  readonly clean: boolean;
  readonly canaries: number;
  readonly read: Readonly<Record<string, { bytes: number; sources: number }>>;
  readonly problems: readonly string[];
  readonly leaks: readonly Finding[];
}

async function leakScan(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = { timeout: WITHIN_MS, maxBuffer: 256 * 1_024 * 1_024 };
  const run = promisify(execFile)(process.execPath, [MAIN, ...args], options);
  return run.then(
    (printed) => ({ code: 0, ...printed }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

test(
  'nothing secret is where it does not belong, and everything that was planted was found',
  async () => {
    const { code, stdout, stderr } = await leakScan('--short', '--json', '--known');
    expect(stdout, stderr).not.toBe('');
    const { canaries, read, problems, leaks } = JSON.parse(stdout) as Printed;
    expect(problems).toEqual([]);
    expect(canaries).toBeGreaterThan(1_000);
    expect(PLACES.filter((place) => !read[place]?.sources)).toEqual([]);
    expect(leaks).toEqual([]);
    expect(code).toBe(0);
  },
  WITHIN_MS + 30_000,
);

test('--help has an example, --allowed says why, and what makes no sense is refused', async () => {
  expect((await leakScan('--help')).stdout).toContain('Example: npm run leak-scan -- --short');
  expect((await leakScan('--allowed')).stdout).toContain('the token has to be opened anew');
  expect(await leakScan('--everything')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('unknown option'),
  });
});
