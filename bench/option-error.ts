/** What somebody typed is wrong; the message says what was expected. */
export class OptionError extends Error {}

/** An error whose message is all that whoever typed the command needs. */
export function isOptionError(error: unknown): error is Error {
  if (error instanceof OptionError) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
