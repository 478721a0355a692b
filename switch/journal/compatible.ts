import type { PendingEntry } from './entry.ts';

/** How many, from the first on, can be answered for in one flush: none has to know how another of them fared. */
export function compatible(waiting: readonly PendingEntry[], limit: number): number {
  const taken = new Set<string>();
  const most = Math.min(limit, waiting.length);
  for (let count = 0; count < most; count += 1) {
    const pending = waiting[count];
    if (!pending) break;
    const { entry, claims } = pending;
    const step = `${entry.transaction} ${entry.version}`;
    if (taken.has(step) || claims.some(({ name }) => taken.has(name))) return count;
    taken.add(step);
    for (const { name } of claims) taken.add(name);
  }
  return most;
}
