import type { Branch } from './branches.ts';
import { coreFiles } from './core-files.ts';
import type { Reached } from './reached.ts';
import { isExcused } from './unreachable.ts';

/** What a campaign reached of one file. */
export interface FileCoverage {
  readonly file: string;
  readonly branches: number;
  readonly reached: number;
  /** In the order of the file, without those that are excused. */
  readonly missed: readonly Branch[];
}

export interface Coverage {
  /** Of all branches of the files that were loaded, as a part of 1; without those that are excused. */
  readonly share: number;
  readonly branches: number;
  readonly reached: number;
  /** Branches that no seed can reach, each listed with its reason. */
  readonly excused: number;
  /** The files that were loaded. */
  readonly files: readonly FileCoverage[];
  /** Files of the core that the simulation never loads, and in which something could happen. */
  readonly neverLoaded: readonly string[];
}

/** What is asked of a campaign. */
export const TARGET = 0.95;

export function coverageOf(reached: Reached): Coverage {
  const files = reached.files.map((file) => fileCoverage(file, reached));
  const sum = (of: (file: FileCoverage) => number) => files.reduce((total, file) => total + of(file), 0);
  const branches = sum((file) => file.branches);
  const found = sum((file) => file.reached);
  const all = files.reduce((total, { file }) => total + reached.branches(file).length, 0);
  const loaded = new Set(reached.files);
  return {
    share: branches === 0 ? 0 : found / branches,
    branches,
    reached: found,
    excused: all - branches,
    files,
    neverLoaded: coreFiles().filter((file) => !loaded.has(file) && reached.branches(file).length > 0),
  };
}

function fileCoverage(file: string, reached: Reached): FileCoverage {
  const all = reached.branches(file);
  const counted = all.flatMap((branch, number) => {
    const isReached = reached.has(file, number);
    return isReached || !isExcused(file, branch) ? [{ branch, isReached }] : [];
  });
  const missed = counted.filter(({ isReached }) => !isReached).map(({ branch }) => branch);
  return { file, branches: counted.length, reached: counted.length - missed.length, missed };
}
