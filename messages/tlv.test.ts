import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bytes, packTlv, parseTlv } from './index.ts';

const read = (hex: string) => parseTlv(Bytes.fromHex(hex)).map(({ tag, value }) => [tag, value.hex()]);

describe('BER-TLV', () => {
  test('one-, two- and three-byte tags, long lengths, unknown tags', () => {
    expect(read('82023C009F36020015DF81290830F0F00030F0FF00')).toEqual([
      ['82', '3C00'],
      ['9F36', '0015'],
      ['DF8129', '30F0F00030F0FF00'],
    ]);
    expect(read(`DF018180${'AB'.repeat(128)}`)).toEqual([['DF01', 'AB'.repeat(128)]]);
  });

  test('zero bytes between objects are padding', () =>
    expect(read('00820101000000')).toEqual([['82', '01']]));

  test.each([
    ['a tag without length', '9F02'],
    ['a tag cut short', '9F'],
    ['a value cut short', '820301'],
    ['a length cut short', '8282FF'],
    ['an indefinite length', '82800000'],
    ['a length of four bytes', '828400000001FF'],
    ['a tag without end', '9FFFFFFFFFFF0100'],
    ['a constructed object whose inside is malformed', '7103860201'],
  ])('refuses %s', (_, hex) => expect(() => read(hex)).toThrow('ISO_TLV'));

  test('refuses a tag that stands twice, unless told', () => {
    expect(() => read('820101820102')).toThrow('ISO_TLV_DUPLICATE');
    expect(parseTlv(Bytes.fromHex('820101820102'), { duplicates: true })).toHaveLength(2);
  });

  test('a constructed object keeps its value whole, and may be opaque when told', () => {
    expect(read('710486020102')).toEqual([['71', '86020102']]);
    expect(parseTlv(Bytes.fromHex('7103860201'), { opaque: true })).toHaveLength(1);
  });

  test('what is packed parses to the same', () => {
    const tags = fc.uniqueArray(fc.constantFrom('82', '9F02', '5F2A', 'DF8129', '9F10', 'C1'));
    fc.assert(
      fc.property(tags, fc.infiniteStream(fc.uint8Array({ maxLength: 400 })), (names, values) => {
        const objects = names.map((tag) => ({ tag, value: values.next().value as Uint8Array }));
        const back = parseTlv(packTlv(objects));
        expect(back.map(({ tag, value }) => [tag, value.hex()])).toEqual(
          objects.map(({ tag, value }) => [tag, Bytes.of(value).hex()]),
        );
      }),
    );
  });

  test('a malformed tag is not packed', () => {
    for (const tag of ['', '9', '9F', '8202', 'zz']) {
      expect(() => packTlv([{ tag, value: Buffer.alloc(1) }])).toThrow('ISO_TLV');
    }
  });
});
