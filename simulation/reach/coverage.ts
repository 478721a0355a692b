import type { Branch } from './branches.ts';
import { coreFiles } from './core-files.ts';
import type { Reached } from './reached.ts';
import { isExcused } from './unreachable.ts';

/** What a campaign reached of one file. */
export interface FileCoverage {
  readonly file: string;
  /** Of the functions that were entered, without what is excused. */
  readonly branches: number;
  readonly reached: number;
  /** Of the functions that were entered: branches that are excused, and were not reached. */
  readonly excused: number;
  /** In the order of the file; of a function that was never entered nothing but itself. */
  readonly missed: readonly Branch[];
  readonly functions: number;
  readonly entered: number;
}

/**
 * As V8 and what is built on it reckon: of a function that was entered each branch counts, of one that was not none,
 * since nobody knows them. Those are told of besides: `entered` of `functions`, and `whole` with all their branches.
 */
export interface Coverage {
  /** Of the branches of functions that were entered, as a part of 1. */
  readonly share: number;
  /** The same with what is excused counted as missed. */
  readonly strict: number;
  readonly branches: number;
  readonly reached: number;
  readonly functions: number;
  readonly entered: number;
  /** Of all branches of all functions of the files that were loaded, as a part of 1. */
  readonly whole: number;
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
  const [branches, found] = [sum((file) => file.branches), sum((file) => file.reached)];
  const all = reached.files.flatMap((file) =>
    reached.branches(file).map((branch, number) => ({ file, branch, number })),
  );
  const unexcused = all.filter(
    ({ file, branch, number }) => reached.has(file, number) || !isExcused(file, branch),
  );
  const taken = all.filter(({ file, number }) => reached.has(file, number));
  const loaded = new Set(reached.files);
  return {
    share: part(found, branches),
    strict: part(found, branches + sum((file) => file.excused)),
    branches,
    reached: found,
    functions: sum((file) => file.functions),
    entered: sum((file) => file.entered),
    whole: part(taken.length, unexcused.length),
    excused: all.length - unexcused.length,
    files,
    neverLoaded: coreFiles().filter((file) => !loaded.has(file) && reached.branches(file).length > 0),
  };
}

function fileCoverage(file: string, reached: Reached): FileCoverage {
  const all = reached
    .branches(file)
    .map((branch, number) => ({ branch, isReached: reached.has(file, number) }));
  const counted = all.filter(({ branch, isReached }) => isReached || !isExcused(file, branch));
  const functions = counted.filter(({ branch }) => branch.kind === 'function');
  const isKnown = ({ within }: Branch) => within === undefined || reached.has(file, within);
  const known = counted.filter(({ branch }) => isKnown(branch));
  const own = known.filter(({ branch, isReached }) => isReached || branch.kind !== 'function');
  const excused = all.filter(
    ({ branch, isReached }) =>
      !isReached && branch.kind !== 'function' && isKnown(branch) && isExcused(file, branch),
  );
  const missed = known.filter(({ isReached }) => !isReached).map(({ branch }) => branch);
  return {
    file,
    branches: own.length,
    reached: own.filter(({ isReached }) => isReached).length,
    excused: excused.length,
    missed,
    functions: functions.length,
    entered: functions.filter(({ isReached }) => isReached).length,
  };
}

function part(some: number, all: number): number {
  return all === 0 ? 0 : some / all;
}
