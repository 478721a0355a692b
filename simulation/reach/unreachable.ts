import type { Branch, BranchKind } from './branches.ts';

/** A branch that no seed can reach, with the reason. It is named by its line's text, which moves with the file. */
export interface Unreachable {
  readonly file: string;
  readonly kind: BranchKind;
  /** The line in which it begins, without the blanks around it. */
  readonly line: string;
  readonly because: string;
}

/** A branch that was reached all the same is counted as any other. */
const UNREACHABLE: readonly Unreachable[] = [];

const KNOWN: ReadonlySet<string> = new Set(
  UNREACHABLE.map(({ file, kind, line }) => nameOf(file, kind, line)),
);

export function isExcused(file: string, { kind, text }: Branch): boolean {
  return KNOWN.has(nameOf(file, kind, text));
}

function nameOf(file: string, kind: BranchKind, line: string): string {
  return `${file} ${kind} ${line}`;
}
