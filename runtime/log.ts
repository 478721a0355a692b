import { type Logger, pino } from 'pino';
import { errorInLog } from './error-in-log.ts';
import { type LogLosses, LogSink } from './log-sink.ts';

/** Structured logging as the rooms use it. Every line carries an `event`: a stable word to search for. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

const STANDARD_ERROR = 2;

/** A log, and what became of its lines. */
export interface OpenLog {
  readonly log: Logger;
  losses(): LogLosses;
}

/**
 * A logger that writes JSON lines without ever blocking the event loop, nor ending the process where there is no room.
 * Sensitive values never reach it in clear: their types mask themselves (`messages/`).
 */
export function openLog(
  service: string,
  level = process.env['LOG_LEVEL'] ?? 'info',
  descriptor = STANDARD_ERROR,
): OpenLog {
  const sink = new LogSink(descriptor, (losses) => {
    log.warn({ event: 'log.lines-lost', ...losses });
  });
  const log = pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: errorInLog },
    },
    sink,
  );
  return { log, losses: () => sink.losses() };
}

/** The log alone, for those who do not ask what became of it. */
export function createLog(service: string, level?: string): Logger {
  return openLog(service, level).log;
}

/** Says nothing: for tests and benchmarks that look elsewhere. */
export const silentLog: Log = pino({ level: 'silent' });
