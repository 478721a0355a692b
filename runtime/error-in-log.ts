import { pino } from 'pino';

/** Node's own names of mistakes in code: what throws those has a place to be looked for. */
const MISTAKE = 'ERR_';
/** What the database's driver says of a server that does not answer, and has no code for. */
const SILENT_SERVER = /^(Connection terminated|timeout expired|timeout exceeded|Query read timeout)/;

/**
 * An error as the log has it. One whose cause is known (it, or what caused it, has a code of ours, of PostgreSQL or of
 * the system) is told with all its messages and codes, and without a stack: the database that is away was a stack for
 * each payment, and where it was noticed says nothing about where it is. What nobody foresaw keeps its stack.
 */
export function errorInLog(error: unknown): unknown {
  const told: unknown = pino.stdSerializers.err(error as Error);
  if (!(error instanceof Error) || typeof told !== 'object' || told === null) return told;
  return isKnown(error) ? withoutStacks({ ...told }) : told;
}

function isKnown(error: Error): boolean {
  if ('code' in error && typeof error.code === 'string' && !error.code.startsWith(MISTAKE)) return true;
  if (SILENT_SERVER.test(error.message)) return true;
  if (error instanceof AggregateError) {
    return error.errors.every((each) => each instanceof Error && isKnown(each));
  }
  return error.cause instanceof Error && isKnown(error.cause);
}

function withoutStacks(told: Record<string, unknown>): Record<string, unknown> {
  const { stack: _, aggregateErrors, ...rest } = told;
  if (!Array.isArray(aggregateErrors)) return rest;
  return { ...rest, aggregateErrors: aggregateErrors.map((each) => withoutStacks({ ...each })) };
}
