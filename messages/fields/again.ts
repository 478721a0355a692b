/**
 * Names of parts whose tag stands more than once: `tag72`, then `tag72#2`, `tag72#3`. Each keeps its place among the
 * others, so that what is packed has the same bytes; a list under one name was rejected, since scripts of two kinds may
 * come by turns. It counts, so that a thousand of them cost no more than a thousand steps.
 */
export class Again {
  #counts: Map<string, number> | undefined;

  /** The name of one more; the first has the name itself. */
  next(property: string): string {
    this.#counts ??= new Map();
    const count = (this.#counts.get(property) ?? 1) + 1;
    this.#counts.set(property, count);
    return `${property}#${count}`;
  }
}

/** The name that the first one has. */
export function propertyOf(name: string): string {
  const at = name.indexOf('#');
  return at < 0 ? name : name.slice(0, at);
}
