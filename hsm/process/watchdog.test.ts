import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';

/** A process whose main thread beats three times and then does not come back from a call. */
const HANGING = `
  const { startWatchdog } = await import(${JSON.stringify(new URL('./watchdog.ts', import.meta.url).href)});
  const watchdog = startWatchdog(1_000);
  let beats = 0;
  setInterval(() => {
    watchdog.alive();
    if (++beats === 3) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }, 500);`;

it('ends a process whose token does not return from a call, and says so', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HANGING], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
  expect(said).toContain('hsm.hung');
}, 20_000);
