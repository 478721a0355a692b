import { destination, type Logger, pino } from 'pino';

/** Structured logging as the rooms use it. Every line carries an `event`: a stable word to search for. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/**
 * A logger that writes JSON lines without ever blocking the event loop.
 * Sensitive values never reach it in clear: their types mask themselves (`messages/`).
 */
export function createLog(service: string, level = process.env['LOG_LEVEL'] ?? 'info'): Logger {
  return pino(
    { level, base: { service, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ fd: 2, sync: false, minLength: 0 }),
  );
}

/** Says nothing: for tests and benchmarks that look elsewhere. */
export const silentLog: Log = pino({ level: 'silent' });
