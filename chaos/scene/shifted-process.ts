/**
 * Loaded into a switch before its own first module: its wall clock is as far ahead as a file says, read anew at every
 * SIGUSR2. Only this process has the wrong time, as a machine has whose clock was set wrong; its deadlines go on, and
 * so do timers. A clock of the whole machine was rejected: it is root's, and everybody's on it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = process.env['CHAOS_CLOCK_FILE'];
if (file && process.argv[1]?.endsWith(join('switch', 'main.ts'))) shiftBy(file);

function shiftBy(from: string): void {
  const RightDate = Date;
  const read = () => Number(readFileSync(from, 'utf8'));
  let aheadMs = read();
  process.on('SIGUSR2', () => {
    aheadMs = read();
  });
  globalThis.Date = new Proxy(RightDate, {
    construct: (_, given: unknown[]) =>
      given.length === 0 ? new RightDate(RightDate.now() + aheadMs) : Reflect.construct(RightDate, given),
    apply: () => new RightDate(RightDate.now() + aheadMs).toString(),
    get: (target, name) =>
      name === 'now' ? () => RightDate.now() + aheadMs : Reflect.get(target, name, target),
  });
}
