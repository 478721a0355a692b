/**
 * What was answered to a run, kept in its own memory to be searched: the run's process is none of those that are
 * looked at.
 */
import { type Place, type PlaceName, whole } from '../places/place.ts';

export class Answers implements Place {
  readonly name: PlaceName;
  readonly #kept: { readonly source: string; readonly bytes: Buffer }[] = [];

  constructor(name: PlaceName) {
    this.name = name;
  }

  keep(source: string, bytes: Buffer | string): void {
    this.#kept.push({ source, bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes });
  }

  *pieces() {
    for (const { source, bytes } of this.#kept) yield whole(source, bytes);
  }
}
