/**
 * All mutants of a file in one text: at each of their places stands a question, which of the two it shall be. So a
 * process loads the core once and tries one mutant after the other, and whoever runs the text learns which mutants
 * it came by. To load the core anew for each mutant was measured first: two seconds a mutant before anything is
 * tried.
 */
import type { Edit, Mutant } from './mutant.ts';

/** Asked at the place of each mutant. Where nobody installed it, the file is as it was. */
const ASKED = 'globalThis.isMutant?.';

declare global {
  var isMutant: ((id: string) => boolean) | undefined;
}

/** The mutant that this process tries, and those that it came by. */
export class Switchboard {
  active: string | undefined;
  readonly reached = new Set<string>();

  /** From here on, the mutants of this process ask here. */
  install(): void {
    globalThis.isMutant = (id) => {
      this.reached.add(id);
      return id === this.active;
    };
  }
}

/** @param mutants of this file, in any order; one may lie within another, none may overlap another's end */
export function instrumented(source: Buffer, mutants: readonly Pick<Mutant, 'id' | 'edit'>[]): string {
  const ordered = mutants.toSorted(
    ({ edit: a }, { edit: b }) => a.start - b.start || b.end - a.end || depth(a) - depth(b),
  );
  return render(source, 0, source.length, ordered);
}

/** Of two at the same place, the statement or property stands around the expression. */
function depth({ shape }: Edit): number {
  return shape === 'expression' ? 1 : 0;
}

function render(
  source: Buffer,
  from: number,
  to: number,
  mutants: readonly Pick<Mutant, 'id' | 'edit'>[],
): string {
  let text = '';
  let at = from;
  for (let index = 0; index < mutants.length; ) {
    const mutant = mutants[index];
    if (!mutant) break;
    const { start, end } = mutant.edit;
    let next = index + 1;
    while ((mutants[next]?.edit.start ?? to) < end) next += 1;
    const inner = render(source, start, end, mutants.slice(index + 1, next));
    text += source.subarray(at, start).toString() + choice(mutant, inner);
    at = end;
    index = next;
  }
  return text + source.subarray(at, to).toString();
}

function choice({ id, edit }: Pick<Mutant, 'id' | 'edit'>, original: string): string {
  const asked = `${ASKED}('${id}')`;
  switch (edit.shape) {
    case 'expression':
      return `(${asked} ? (${edit.put}) : (${original}))`;
    case 'statement':
      return `{ if (!${asked}) { ${original} } }`;
    case 'property':
      return `...(${asked} ? {} : { ${original} })`;
  }
}
