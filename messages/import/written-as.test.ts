import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, importJpos, iso87Ascii, posBcd, writtenAs } from '../index.ts';
import { richMessageOf } from '../testing/arbitrary.ts';

const packagerOf = (file: string) =>
  importJpos(readFileSync(join(import.meta.dirname, '../../docs/jpos', file), 'utf8'));

describe('our elements, written as a specification says', () => {
  test.each([
    ['etika-nac.xml', posBcd],
    ['etika-post.xml', iso87Ascii],
  ] as const)('%s gives the bytes of its dialect, and its values', (file, dialect) => {
    const [ours, theirs] = [compile(dialect), compile(writtenAs(iso87Ascii, packagerOf(file)))];
    fc.assert(
      fc.property(richMessageOf(dialect), (message) => {
        const bytes = ours.pack(message as never);
        expect(theirs.pack(message as never)).toEqual(bytes);
        expect(theirs.parse(bytes)).toEqual(ours.parse(bytes));
      }),
      { numRuns: 50 },
    );
  });

  const xml = (field: string) => `<isopackager><isofield id="0" length="4" pad="true" class="IFB_NUMERIC"/>
    <isofield id="1" length="16" class="IFB_BITMAP"/>${field}</isopackager>`;
  const written = (field: string) => writtenAs(iso87Ascii, importJpos(xml(field))).fields;

  test('an element that is taken apart there comes whole here', () => {
    const inner = `class="IFB_LLLBINARY" packager="org.jpos.tlv.packager.bertlv.BERTLVBinaryPackager"`;
    expect(written(`<isofieldpackager id="55" length="255" ${inner}/>`)[55]).toMatchObject({
      as: 'emv',
      encoding: 'binary',
      length: { prefix: 'bcd', max: 255 },
    });
  });

  test('bits in hex are told by their length', () =>
    expect(written('<isofield id="52" length="16" class="IFA_CHAR"/>')[52]).toMatchObject({
      as: 'pin-block',
      encoding: 'hex',
      length: { fixed: 8 },
    }));

  test.each([
    ['another fixed length', '<isofield id="4" length="10" class="IFB_NUMERIC"/>', 'DE4'],
    ['a length in front of a fixed one', '<isofield id="4" length="12" class="IFB_LLNUM"/>', 'DE4'],
    ['none in front of a variable one', '<isofield id="2" length="16" class="IFB_NUMERIC"/>', 'DE2'],
  ])('%s is refused with its element', (_, field, path) =>
    expect(() => written(field)).toThrow(`ISO_DIALECT ${path}`),
  );
});
