import type { Deed } from './deed.ts';
import { after } from './rules.ts';
import type { Family } from './state.ts';

/** What may stand in the end; empty: no order of the deeds explains their answers. */
export interface Ends {
  readonly ends: readonly Family[];
  /** Where there is none: the deeds that could be explained in the best try, and those that could not. */
  readonly explained: readonly Deed[];
  readonly stuck: readonly Deed[];
}

/** Beyond so many deeds, or steps, nothing is said: the search is exact, and would take too long. */
const MOST_DEEDS = 28;
const MOST_STEPS = 20_000;

interface Node {
  readonly family: Family;
  /** Of the deeds, by their bits, those that are behind it. */
  readonly done: number;
  readonly path: readonly Deed[];
}

/**
 * Tries every order in which deeds may have taken effect, each between its sending and its answer, and collects what
 * stands in the end. Two deeds of which the one was answered before the other was sent have only one order. Asking for
 * one likely order instead was rejected: which of two that were under way at once came first, no peer knows.
 *
 * @returns nothing where there are too many to try
 */
export function endsOf(start: Family, deeds: readonly Deed[]): Ends | undefined {
  if (deeds.length > MOST_DEEDS) return undefined;
  const all = 2 ** deeds.length - 1;
  const ends = new Map<string, Family>();
  const seen = new Set<string>();
  const open: Node[] = [{ family: start, done: 0, path: [] }];
  let best: Node = { family: start, done: 0, path: [] };

  for (let node = open.pop(); node; node = open.pop()) {
    const key = `${node.done} ${JSON.stringify(node.family)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (seen.size > MOST_STEPS) return undefined;

    if (node.path.length > best.path.length) best = node;
    if (node.done === all) ends.set(JSON.stringify(node.family), node.family);
    for (const [index, deed] of nextOf(deeds, node.done)) {
      for (const family of after(node.family, deed)) {
        open.push({ family, done: node.done | (1 << index), path: [...node.path, deed] });
      }
    }
  }
  const stuck = deeds.filter((deed) => !best.path.includes(deed));
  return { ends: [...ends.values()], explained: best.path, stuck };
}

/** Those before which no other must come: nothing that is left was answered before they were sent. */
function nextOf(deeds: readonly Deed[], done: number): [number, Deed][] {
  const left = [...deeds.entries()].filter(([index]) => (done & (1 << index)) === 0);
  const firstAnswer = Math.min(...left.map(([, { to }]) => to));
  return left.filter(([, { from }]) => from <= firstAnswer);
}
