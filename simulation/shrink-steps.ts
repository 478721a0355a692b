import type { Fault } from './faults.ts';

/** Nothing that is shorter is worth a try. */
const SHORTEST_MS = 200;

/** Leaves pieces out, smaller and smaller ones, as long as what remains still fails. */
export async function fewest<T>(
  items: readonly T[],
  stillFails: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (items.length === 0 || (await stillFails([]))) return [];
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length; ) {
      const fewer = [...left.slice(0, from), ...left.slice(from + size)];
      if (fewer.length < left.length && fewer.length > 0 && (await stillFails(fewer))) left = fewer;
      else from += size;
    }
  }
  return left;
}

/** The same faults, of which one ends in half of its time. */
export function shorter(faults: readonly Fault[], index: number): readonly Fault[] | undefined {
  const fault = faults[index];
  if (!fault || fault.to - fault.from < SHORTEST_MS) return undefined;
  const halved = { ...fault, to: fault.from + Math.ceil((fault.to - fault.from) / 2) };
  return faults.map((each, place) => (place === index ? halved : each));
}
