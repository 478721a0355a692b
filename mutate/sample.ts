import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEquivalent, knownEquivalents } from './equivalent.ts';
import { ROOT } from './files.ts';
import { findMutants } from './find-mutants.ts';
import { instrumented } from './instrument.ts';
import { type Mutant, MutateError } from './mutant.ts';
import type { Texts } from './trial.ts';

export interface Sample {
  readonly mutants: readonly Mutant[];
  /** How many there are to draw from. */
  readonly among: number;
  readonly equivalents: number;
}

export interface SampleOptions {
  readonly files: readonly string[];
  readonly size: number;
  /** So many of them are left out, those drawn first. */
  readonly from?: number;
  readonly seed: number;
  /** These and no others, by their ids. */
  readonly only?: readonly string[] | undefined;
}

/**
 * Mutants drawn by chance. Each is given a number made of the seed and its id, and the lowest are taken: so a
 * sample stays what it is where a line of code changes, but for the mutants of that line, and a larger one holds
 * the smaller.
 *
 * @throws MutateError where a mutant is asked for that is not there
 */
export function drawSample({ files, size, from = 0, seed, only }: SampleOptions): Sample {
  const all = files.flatMap((file) => findMutants(file, readFileSync(join(ROOT, file))));
  const missing = only?.find((id) => all.every((mutant) => mutant.id !== id));
  if (missing !== undefined) throw new MutateError(`no mutant of these files has the id ${missing}`);
  if (only) return { mutants: all.filter(({ id }) => only.includes(id)), among: all.length, equivalents: 0 };

  const known = knownEquivalents();
  const tried = all.filter((mutant) => !isEquivalent(mutant, known));
  const ranked = tried.map((mutant) => ({ mutant, rank: rankOf(mutant, seed) }));
  const mutants = ranked
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(from, size)
    .map(({ mutant }) => mutant);
  return { mutants, among: tried.length, equivalents: all.length - tried.length };
}

function rankOf({ id }: Mutant, seed: number): string {
  return createHash('sha256').update(`${seed}|${id}`).digest('hex');
}

/** The files that have mutants, each with all of its own in it. */
export function textsOf(mutants: readonly Mutant[]): Texts {
  const byFile = Map.groupBy(mutants, ({ file }) => file);
  const texts = [...byFile].map(
    ([file, own]) => [file, instrumented(readFileSync(join(ROOT, file)), own)] as const,
  );
  return Object.fromEntries(texts);
}
