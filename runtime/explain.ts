/**
 * An error for people: its code where it has one, its message, and the causes: "fetch failed" alone helps nobody, nor
 * does the empty message of an attempt on several addresses, whose reasons are told one after the other.
 */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = error.message || reasonsOf(error) || error.name;
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  const said = message.includes(code.slice(0, -2)) ? message : `${code}${message}`;
  const { cause } = error;
  return cause instanceof Error && !said.includes(cause.message || '?') ? `${said}: ${explain(cause)}` : said;
}

function reasonsOf(error: Error): string {
  if (!(error instanceof AggregateError)) return '';
  return [...new Set(error.errors.map(explain))].join('; ');
}
