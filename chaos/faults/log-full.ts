import { execFileSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault, Means } from '../fault.ts';
import { floodFrom } from '../scene/flood.ts';

/** The log is this long already, in holes: what the switch writes elsewhere stays below it. */
const LOG_BYTES = 16_777_216;

/**
 * The switch may write no file any longer than its log is, which is what a full disk is to it, and strangers give it
 * something to write about. A small file system of its own was rejected: only root may mount one.
 */
export const logFull: Fault = {
  name: 'log-full',
  what: 'the disk of the switch’s log is full, and strangers send what is no frame',
  lastsMs: { short: 8_000, full: 30_000 },
  lastsUntilTold: true,
  async begin({ stage }) {
    truncateSync(join(stage.folder, 'logs', 'switch.log'), LOG_BYTES);
    limitFiles(stage, String(LOG_BYTES));
    const goHome = await floodFrom(stage.address, { wrongMacs: false, idle: 0 });
    return async () => {
      await goHome();
      limitFiles(stage, 'unlimited');
    };
  },
  expects: {
    ready: 'says yes',
    served: 0.9,
    alerts: [
      { kind: 'log-lost', subject: 'node-1' },
      { kind: 'flood', subject: 'node-1' },
    ],
  },
};

function limitFiles(stage: Means['stage'], bytes: string): void {
  for (const pid of stage.pidsOf('switch')) {
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
  }
}
