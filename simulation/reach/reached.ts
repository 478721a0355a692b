/**
 * Which branches of which files were reached, added up over takes of the collector, seeds and processes. A branch is a
 * number within its file: sources do not change while a campaign runs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Branch, branchesOf } from './branches.ts';
import type { CountedRange, Counts } from './collector.ts';

/** By file, the numbers of its branches that were reached. */
export type ReachedBranches = Readonly<Record<string, readonly number[]>>;

export class Reached {
  readonly #root: string;
  readonly #branches = new Map<string, readonly Branch[]>();
  readonly #reached = new Map<string, Set<number>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The files that were loaded. */
  get files(): string[] {
    return [...this.#reached.keys()].sort();
  }

  branches(file: string): readonly Branch[] {
    const known = this.#branches.get(file) ?? branchesOf(readFileSync(join(this.#root, file), 'utf8'));
    this.#branches.set(file, known);
    return known;
  }

  has(file: string, branch: number): boolean {
    return this.#reached.get(file)?.has(branch) ?? false;
  }

  /** What these counts say, by file. */
  read(counts: Counts): ReachedBranches {
    const found: Record<string, number[]> = {};
    for (const [file, ranges] of counts) {
      const innermost = new Innermost(ranges);
      const numbers = this.branches(file).flatMap(({ at }, number) =>
        innermost.countAt(at) > 0 ? number : [],
      );
      found[file] = numbers;
    }
    return found;
  }

  /** @returns how many of them are new */
  add(reached: ReachedBranches): number {
    let fresh = 0;
    for (const [file, numbers] of Object.entries(reached)) {
      const known = this.#reached.get(file) ?? new Set();
      this.#reached.set(file, known);
      const before = known.size;
      for (const number of numbers) known.add(number);
      fresh += known.size - before;
    }
    return fresh;
  }

  asRecord(): ReachedBranches {
    return Object.fromEntries([...this.#reached].map(([file, numbers]) => [file, [...numbers]]));
  }
}

/** Ranges lie within each other: the smallest around a place says how often it was run. */
class Innermost {
  readonly #ranges: readonly CountedRange[];

  constructor(ranges: readonly CountedRange[]) {
    this.#ranges = [...ranges].sort((a, b) => a.to - a.from - (b.to - b.from));
  }

  countAt(place: number): number {
    return this.#ranges.find(({ from, to }) => from <= place && place < to)?.count ?? 0;
  }
}
