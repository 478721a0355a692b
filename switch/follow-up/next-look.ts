import type { Settings } from '../config/settings.ts';

/** A pending proof becomes final with a block: it is looked at a few times for each. */
export function nextLookMs({ finalityMs }: Settings['pop']): number {
  return finalityMs / 3;
}
