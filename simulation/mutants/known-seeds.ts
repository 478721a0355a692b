import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, 'known-seeds.json');

/** So many are kept of each mutant, where there are as many. */
export const KEPT_SEEDS = 3;

export type KnownSeeds = Readonly<Record<string, readonly number[]>>;

/**
 * Which seeds noticed each mutant when it was last hunted: they are tried first. A seed means another history with
 * every change of the core, so that some do not notice any more: hence several, and where none does, a search.
 */
export function knownSeeds(): KnownSeeds {
  return JSON.parse(readFileSync(FILE, 'utf8')) as KnownSeeds;
}

export function keepSeeds(seeds: KnownSeeds): void {
  const sorted = Object.entries({ ...knownSeeds(), ...seeds }).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = sorted.map(([name, own]) => `  ${JSON.stringify(name)}: [${own.join(', ')}]`);
  writeFileSync(FILE, `{\n${lines.join(',\n')}\n}\n`);
}
