import { createHash } from 'node:crypto';
import { isBeyond } from './beyond.ts';
import { type Change, changesOf } from './kinds.ts';
import type { Mutant } from './mutant.ts';
import { type Node, parse, rangeOf, walk } from './syntax.ts';

const MAX_SHOWN = 60;

/** Every mutant that may be made of a file, from its beginning to its end. */
export function findMutants(file: string, source: Buffer): readonly Mutant[] {
  const textOf = (node: Node) => {
    const { start, end } = rangeOf(node);
    return source.subarray(start, end).toString();
  };
  const seen = new Map<string, number>();
  const found: Mutant[] = [];
  for (const place of walk(parse(source.toString()), (each) => isBeyond(each, textOf))) {
    for (const change of changesOf(place, textOf)) {
      const mutant = describe(file, source, change);
      const name = [file, mutant.kind, mutant.code, mutant.was, mutant.becomes].join('|');
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      const isStatic = !place.isInFunction;
      found.push({ ...mutant, id: idOf(name, count), isStatic });
    }
  }
  return found.filter(({ edit }, index) => isUnlike(found.slice(0, index), edit));
}

/** Two ways to the same text are one mutant. */
function isUnlike(earlier: readonly Mutant[], edit: Mutant['edit']): boolean {
  return !earlier.some(
    ({ edit: other }) => other.start === edit.start && other.end === edit.end && other.put === edit.put,
  );
}

function describe(file: string, source: Buffer, change: Change): Omit<Mutant, 'id' | 'isStatic'> {
  const { kind, edit, shown } = change;
  const before = source.subarray(0, edit.start).toString();
  const begin = before.lastIndexOf('\n') + 1;
  const code = (before.slice(begin) + source.subarray(edit.start).toString()).split('\n')[0] ?? '';
  const [was, becomes] = shown ?? [source.subarray(edit.start, edit.end).toString(), edit.put || 'nothing'];
  return {
    file,
    kind,
    edit,
    line: before.split('\n').length,
    code: code.trim(),
    was: brief(was),
    becomes: brief(becomes),
  };
}

function brief(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN - 1)}…` : line;
}

function idOf(name: string, count: number): string {
  return createHash('sha256').update(`${name}|${count}`).digest('hex').slice(0, 8);
}
