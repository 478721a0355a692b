import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, 'known-seeds.json');

export type KnownSeeds = Readonly<Record<string, number>>;

/**
 * Which seed noticed each mutant when it was last hunted: it is tried first. A seed means another history with every
 * change of the core, so a seed that does not notice any more costs a search, and no more.
 */
export function knownSeeds(): KnownSeeds {
  return JSON.parse(readFileSync(FILE, 'utf8')) as KnownSeeds;
}

export function keepSeeds(seeds: KnownSeeds): void {
  const sorted = Object.entries({ ...knownSeeds(), ...seeds }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
}
