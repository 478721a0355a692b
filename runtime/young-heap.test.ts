import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const PROGRAM = join(import.meta.dirname, 'testing/young-heap-process.ts');
const MEGABYTE = 2 ** 20;

test('a program makes room for its young, and stays the process that was started, with its arguments', () => {
  const told = JSON.parse(execFileSync(process.execPath, [PROGRAM, 'switch', '--json'], { encoding: 'utf8' }));

  expect(told).toMatchObject({ isSameProcess: true, args: ['switch', '--json'] });
  expect(told.bytes).toBeGreaterThan(16 * MEGABYTE);
});
