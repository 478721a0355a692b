/**
 * Mutants that change nothing anybody could notice, each with the reason why. They are named by the line of code
 * that they are in, not by its number, so that they are known again when the file around them changes, and judged
 * anew when the line itself does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, MutateError } from './mutant.ts';

export interface Equivalent extends Pick<Mutant, 'file' | 'code' | 'was' | 'becomes'> {
  readonly why: string;
}

const FILE = join(import.meta.dirname, 'equivalent.json');

export function knownEquivalents(): readonly Equivalent[] {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as Equivalent[];
  } catch (error) {
    throw new MutateError(`equivalent.json cannot be read: ${String(error)}`);
  }
}

export function isEquivalent(mutant: Mutant, known: readonly Equivalent[]): boolean {
  return known.some(
    ({ file, code, was, becomes }) =>
      mutant.file === file && mutant.code === code && mutant.was === was && mutant.becomes === becomes,
  );
}
