import type { Cursor } from '../cursor.ts';
import type { Slice } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { contentName, firstForeign } from './contents.ts';
import { wrongKind } from './semantics.ts';
import { dialectError, type TextContent } from './text.ts';

type Sliced = Record<string, string>;

/** Text cut into named runs of fixed length, once or over and over (DE90, DE95, DE54). */
export function sliced(
  slices: { readonly [property: string]: Slice },
  repeated: boolean,
  path: string,
  lenient: boolean,
) {
  const runs = Object.entries(slices).map(([property, slice]) => {
    if (slice.content === 'b') throw dialectError(`${path}.${property}`, 'text', 'bits');
    return {
      property,
      path: `${path}.${property}`,
      characters: slice.characters,
      content: slice.content as TextContent,
    };
  });
  const size = runs.reduce((sum, run) => sum + run.characters, 0);

  function cut(text: string, from: number, at: number, strict: boolean): Sliced {
    const value: Sliced = {};
    let start = from;
    for (const run of runs) {
      const part = text.slice(start, start + run.characters);
      if (strict) check(part, run, at);
      value[run.property] = part;
      start += run.characters;
    }
    return value;
  }

  function join(value: unknown): string {
    if (typeof value !== 'object' || value === null) throw wrongKind(path, 'an object', value);
    const parts = value as Record<string, unknown>;
    let text = '';
    for (const run of runs) {
      const part = parts[run.property];
      if (typeof part !== 'string') throw wrongKind(run.path, 'a string', part);
      if (part.length !== run.characters) {
        throw new IsoError('ISO_LENGTH', {
          path: run.path,
          expected: `exactly ${run.characters}`,
          found: String(part.length),
        });
      }
      if (!lenient) check(part, run);
      text += part;
    }
    return text;
  }

  return {
    wrap(text: string, cursor: Cursor, at: number): unknown {
      if (text.length % size !== 0 || (!repeated && text.length !== size)) {
        throw new IsoError('ISO_LENGTH', {
          path,
          offset: at,
          expected: repeated ? `a multiple of ${size} characters` : `exactly ${size}`,
          found: String(text.length),
        });
      }
      const strict = cursor.strictness.content === 'reject';
      if (!repeated) return cut(text, 0, at, strict);
      const values: Sliced[] = [];
      for (let from = 0; from < text.length; from += size) values.push(cut(text, from, at, strict));
      return values;
    },
    unwrap(value: unknown): string {
      if (!repeated) return join(value);
      if (!Array.isArray(value)) throw wrongKind(path, 'an array', value);
      return value.map(join).join('');
    },
  };
}

function check(part: string, run: { path: string; content: TextContent }, offset?: number): void {
  const foreign = firstForeign(part, run.content);
  if (foreign < 0) return;
  throw new IsoError('ISO_CONTENT', {
    path: run.path,
    ...(offset === undefined ? {} : { offset }),
    expected: contentName(run.content),
    found: `another character at position ${foreign + 1}`,
  });
}
