/**
 * The line, from 1, on which the innermost known key of a path stands; keys are found in order, one inside the other.
 */
export function lineOf(json: string, path: readonly string[]): number {
  let at = 0;
  for (const key of path) {
    const next = json.indexOf(`${JSON.stringify(key)}`, at);
    if (next < 0) break;
    at = next;
  }
  return json.slice(0, at).split('\n').length;
}
