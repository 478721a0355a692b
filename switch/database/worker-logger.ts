import { Logger } from 'graphile-worker';
import type { Log } from '../../runtime/index.ts';

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'debug' } as const;

/**
 * Passes on what graphile-worker says: its text only, since what it attaches holds whole jobs.
 * @param except how messages begin that mean nothing here
 */
export function workerLogger(log: Log, except: readonly string[] = []): Logger {
  return new Logger(() => (level, message) => {
    if (except.some((start) => message.startsWith(start))) return;
    log[LEVELS[level]]({ event: 'graphile-worker' }, message);
  });
}
