/** An error for people: its code where it has one, its message, and the causes: "fetch failed" alone helps nobody. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  const said = error.message.includes(code.slice(0, -2)) ? error.message : `${code}${error.message}`;
  const { cause } = error;
  return cause instanceof Error && !said.includes(cause.message) ? `${said}: ${explain(cause)}` : said;
}
