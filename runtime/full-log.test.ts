import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { LogLosses } from './log-sink.ts';

const folder = mkdtempSync(join(tmpdir(), 'etika-full-log-'));
let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function logTo(file: string): Promise<ChildProcess> {
  const stdio = ['ignore', 'ignore', openSync(file, 'a'), 'ipc'] as const;
  const started = fork(join(import.meta.dirname, 'testing/log-much-process.ts'), { stdio: [...stdio] });
  child = started;
  await new Promise((resolve) => started.once('message', resolve));
  return started;
}

function lossesOf(process: ChildProcess): Promise<LogLosses> {
  return new Promise((resolve) => {
    process.once('message', (losses: LogLosses) => resolve(losses));
    process.send('losses');
  });
}

test('a disk without any room costs lines, which are counted, and no process', async () => {
  const running = await logTo('/dev/full');
  await vi.waitFor(async () => expect((await lossesOf(running)).lost).toBeGreaterThan(100), 10_000);
  expect(await lossesOf(running)).toMatchObject({ failing: 'ENOSPC' });
  expect(running.exitCode).toBeNull();
}, 20_000);

test('once there is room again the log goes on with whole lines, and says how many are missing', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'etika-full-log-')), 'switch.log');
  const running = await logTo(file);
  const limit = (bytes: string) =>
    execFileSync('prlimit', ['--pid', String(running.pid), `--fsize=${bytes}:unlimited`]);
  limit('100000');
  await vi.waitFor(async () => expect((await lossesOf(running)).lost).toBeGreaterThan(100), 10_000);
  expect((await lossesOf(running)).failing).toBe('EFBIG');
  limit('unlimited');
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('log.lines-lost'), 10_000);
  running.kill('SIGKILL');
  const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  for (const line of whole) expect(JSON.parse(line)).toHaveProperty('event');
  rmSync(file);
}, 30_000);

test('a log that is copied and truncated, as logrotate does, goes on at its beginning', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'etika-full-log-')), 'switch.log');
  const running = await logTo(file);
  await vi.waitFor(() => expect(statSync(file).size).toBeGreaterThan(200_000), 10_000);
  truncateSync(file);
  const size = statSync(file).size;
  await vi.waitFor(() => expect(statSync(file).size).toBeGreaterThan(size), 10_000);
  running.kill('SIGKILL');
  expect(readFileSync(file).includes(0)).toBe(false); // no hole in front
  rmSync(file);
}, 30_000);
