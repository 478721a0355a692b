import { DatabaseError } from 'pg';

/** SQLSTATE classes of a server that is there and cannot serve now: connections, resources, shutdown, system. */
const AWAY_CLASSES: ReadonlySet<string> = new Set(['08', '53', '57', '58']);
/** What sockets and the driver say where no server answers. */
const AWAY_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
]);
const AWAY_WORDS =
  /Connection terminated|timeout expired|timeout exceeded|Query read timeout|connect timeout/i;
const MOST_CAUSES = 5;

/** Why the database does not answer, where that is what an error says, or one that caused it; else nothing. */
export function whyDatabaseIsAway(error: unknown): string | undefined {
  let cause = error;
  for (let depth = 0; depth < MOST_CAUSES && cause instanceof Error; depth += 1) {
    if (isAway(cause)) return cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
    ({ cause } = cause);
  }
  return undefined;
}

function isAway(error: Error): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (error instanceof DatabaseError) return AWAY_CLASSES.has(code.slice(0, 2));
  return AWAY_CODES.has(code) || AWAY_WORDS.test(error.message);
}
