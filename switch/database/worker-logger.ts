import { Logger } from 'graphile-worker';
import type { Log } from '../../runtime/index.ts';

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'debug' } as const;

/** Passes on what graphile-worker says: its text only, since what it attaches holds whole jobs. */
export function workerLogger(log: Log): Logger {
  return new Logger(() => (level, message) => {
    log[LEVELS[level]]({ event: 'graphile-worker' }, message);
  });
}
