import type { HabitName } from '../peers/habits/all-habits.ts';

/**
 * A mend taken out of the core by changing the text of one file while it is loaded. `find` occurs exactly once in that
 * file, so that a mutant whose file was rewritten is not passed over in silence: the runner names it and fails. Files
 * called `of-….ts` in this folder hold them, in any number of exported arrays; there is no list to add them to.
 */
export interface SourceMutant {
  /** In kebab-case, and unlike every other's. */
  readonly name: string;
  /** What is missing then, as a part of a sentence: "without the …". */
  readonly removes: string;
  /** From the root of the project, as `switch/serve/advise.ts`. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** Habits that the peers of every seed have, where few seeds draw them together. */
  readonly with?: readonly HabitName[];
  /** A file of tests that notices it, where the simulation cannot: what is mutated speaks to real sockets. */
  readonly test?: string;
}

/** Something is wrong with a mutant itself, or with how it was asked for: the message is one line. */
export class MutantError extends Error {}

/** @throws MutantError where what the mutant looks for is not there exactly once, or where it changes nothing */
export function mutated(text: string, { name, file, find, put }: SourceMutant): string {
  const count = find === '' ? 0 : text.split(find).length - 1;
  if (count !== 1) {
    throw new MutantError(
      `mutant ${name}: what it looks for occurs ${count} times in ${file}, not once: ${JSON.stringify(find)}`,
    );
  }
  if (find === put) throw new MutantError(`mutant ${name}: it changes nothing in ${file}`);
  return text.replace(find, () => put);
}
