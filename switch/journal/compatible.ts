import type { PendingEntry } from './entry.ts';

/** How far is looked for what fits, in flushes: an entry may wait behind many that exclude each other. */
const LOOK_AHEAD = 4;

/**
 * What can be answered for in one flush: entries of which none has to know how another fared. One that has to is set
 * aside for the next flush, with whatever comes behind it in its transaction or under its keys; all others go on. To
 * end the flush there was simpler, and let a hundred writers of one key hold up everybody else.
 *
 * Those that are taken keep their order, and so do those that are left.
 */
export function takeCompatible(waiting: readonly PendingEntry[], limit: number) {
  const batch: PendingEntry[] = [];
  const aside: PendingEntry[] = [];
  const seen = new Set<string>();
  const isHeldUp = new Set<string>();
  let looked = 0;
  for (; looked < waiting.length && looked < limit * LOOK_AHEAD && batch.length < limit; looked += 1) {
    const pending = waiting[looked];
    if (!pending) break;
    const { entry, claims } = pending;
    const step = `${entry.transaction} ${entry.version}`;
    const excluded =
      seen.has(step) || isHeldUp.has(entry.transaction) || claims.some(({ name }) => seen.has(name));
    if (excluded) {
      aside.push(pending);
      isHeldUp.add(entry.transaction);
    } else {
      batch.push(pending);
    }
    seen.add(step);
    for (const { name } of claims) seen.add(name);
  }
  return { batch, rest: [...aside, ...waiting.slice(looked)], isReordered: aside.length > 0 };
}
