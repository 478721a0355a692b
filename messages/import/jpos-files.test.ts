import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../codec.ts';
import { iso87Ascii } from '../dialects/iso87-ascii.ts';
import { posBcd } from '../dialects/pos-bcd.ts';
import { toPlain } from '../plain.ts';
import { richMessageOf } from '../testing/arbitrary.ts';
import { importJpos } from './jpos.ts';

// The packager files that docs/terminal-of-your-own.md gives to people with jPOS: read as jPOS reads them, they say the
// same bytes as the dialect of the listener.

const FILES = [
  ['etika-post.xml', iso87Ascii],
  ['etika-nac.xml', posBcd],
] as const;

describe.each(FILES)('docs/jpos/%s', (file, dialect) => {
  const theirs = importJpos(readFileSync(join(import.meta.dirname, '../../docs/jpos', file), 'utf8'));

  test('has every element of the dialect, written the same way', () => {
    const wayOf = (fields: typeof theirs.fields) =>
      Object.fromEntries(
        Object.entries(fields).map(([number, { length, encoding }]) => [number, { length, encoding }]),
      );
    expect(wayOf(theirs.fields)).toEqual(wayOf(dialect.fields));
    expect(theirs.mti).toEqual(dialect.mti);
  });

  test('reads what the listener writes, byte by byte, and the listener what it writes', () => {
    const [ours, read] = [compile(dialect), compile(theirs)];
    fc.assert(
      fc.property(richMessageOf(dialect), (message) => {
        const bytes = ours.pack(message as never);
        const parsed = read.parse(bytes);
        expect(read.pack(parsed as never)).toEqual(bytes);
        expect(parsed.mti).toBe(ours.parse(bytes).mti);
        expect(Object.keys(toPlain(parsed, 'masked').fields)).toEqual(
          Object.keys(toPlain(ours.parse(bytes) as never, 'masked').fields),
        );
      }),
      { numRuns: 50 },
    );
  });
});
