/**
 * A small change of one file, of the sort that a tired programmer makes: another operator, another code, a forgotten
 * `await`. It is kept as a place in the file's bytes and what stands there instead, so that many of them fit into one
 * text (`instrument.ts`) and one can be made alone (`alone`).
 */
export interface Mutant {
  /** Made of file, kind, place and text: the same for as long as its line of code stays as it is. */
  readonly id: string;
  /** From the root of the project, as `switch/serve/advise.ts`. */
  readonly file: string;
  readonly line: number;
  readonly kind: MutantKind;
  /** The line of code that it is in, without its indent. */
  readonly code: string;
  readonly was: string;
  readonly becomes: string;
  readonly edit: Edit;
  /** It takes effect while its file is loaded: a process that has loaded it cannot change its mind. */
  readonly isStatic: boolean;
}

/** What the kinds of change are called, and what each does as a part of a sentence. */
export const MUTANT_KINDS = {
  operator: 'another operator',
  border: 'the border of a comparison moved, or equal and unequal swapped',
  condition: 'a condition inverted',
  constant: 'another code, string, number or truth value',
  await: 'an await taken away',
  optional: 'an optional chain made a plain one',
  return: 'an early return left out',
  array: 'a method of arrays or strings swapped',
  field: 'a field of an object dropped',
} as const;

export type MutantKind = keyof typeof MUTANT_KINDS;

/** What stands at a place and may be changed: an expression, a whole statement, or a property of an object. */
export interface Edit {
  readonly shape: 'expression' | 'statement' | 'property';
  /** Bytes of the file, from the first one on. */
  readonly start: number;
  readonly end: number;
  /** Instead of it; a statement or a property is left out. */
  readonly put: string;
}

/** Something is wrong with what was asked for: the message is one line. */
export class MutateError extends Error {}

/** The file with this one change made. */
export function alone(source: Buffer, { edit }: Pick<Mutant, 'edit'>): string {
  const { start, end, put } = edit;
  const left = source.subarray(0, start).toString();
  const right = source.subarray(end).toString();
  if (edit.shape !== 'property') return `${left}${edit.shape === 'statement' ? ';' : put}${right}`;
  return left + right.replace(/^\s*,/, '');
}
