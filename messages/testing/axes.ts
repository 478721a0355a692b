import fc from 'fast-check';
import type {
  BitmapStyle,
  Composition,
  Content,
  Dialect,
  Encoding,
  Field,
  LengthEncoding,
  Pad,
  Part,
} from '../dialect.ts';

/** Random dialects: every axis with every other that it can stand beside. */
export function anyDialect(): fc.Arbitrary<Dialect> {
  return fc
    .record({
      mti: fc.constantFrom('ascii', 'bcd', 'ebcdic-1047', 'ebcdic-037', 'ebcdic-500'),
      bitmap: bitmapStyle(),
      header: fc.option(bytesField(), { nil: undefined }),
      fields: fc.array(
        fc.tuple(
          fc.integer({ min: 2, max: 192 }),
          fc.oneof({ weight: 3, arbitrary: plainField() }, { weight: 1, arbitrary: compositeField() }),
        ),
        { minLength: 3, maxLength: 14 },
      ),
    })
    .map(({ mti, bitmap, header, fields }) => {
      const most = bitmap.secondary === 'never' ? 64 : bitmap.tertiary ? 192 : 128;
      const inReach = fields
        .map(([number, field]): [number, Field] => [2 + ((number - 2) % (most - 1)), field])
        .filter(([number]) => number !== 65 || !bitmap.tertiary);
      const table = inReach.length > 0 ? inReach : [[11, stan] as const];
      return {
        name: 'random',
        description: '',
        conformant: false,
        mti: { encoding: mti },
        bitmap,
        ...(header ? { header } : {}),
        fields: Object.fromEntries(table),
      };
    });
}

const stan: Field = { name: 'STAN', content: 'n', encoding: 'ascii', length: { fixed: 6 } };

function bitmapStyle(): fc.Arbitrary<BitmapStyle> {
  const encoding = fc.constantFrom('binary', 'hex', 'hex-lower', 'ebcdic-hex');
  const reach = fc.constantFrom<Omit<BitmapStyle, 'encoding'>>(
    {},
    { secondary: 'always' },
    { secondary: 'never' },
    { secondary: 'joined' },
    { tertiary: 'after-secondary' },
    { tertiary: 'as-field-65' },
  );
  return fc
    .tuple(encoding, fc.option(encoding, { nil: undefined }), reach)
    .map(([own, extension, style]) => ({
      encoding: own,
      ...(extension ? { extension } : {}),
      ...style,
    }));
}

const charsets = ['ascii', 'ebcdic-1047', 'ebcdic-037', 'ebcdic-500'] as const;
const hexTexts = ['hex', 'hex-lower', 'ebcdic-hex'] as const;
const packedContents = ['n', 'z', 'h', 'x+n'] as const;
const textContents = ['a', 'an', 'as', 'ns', 'ans', 'anp', ...packedContents] as const;

function plainField(): fc.Arbitrary<Field> {
  const text = fc.tuple(fc.constantFrom<Content>(...textContents), fc.constantFrom<Encoding>(...charsets));
  const packed = fc.tuple(fc.constantFrom<Content>(...packedContents), fc.constant<Encoding>('bcd'));
  const bits = fc.tuple(fc.constant<Content>('b'), fc.constantFrom<Encoding>('binary', ...hexTexts));
  return fc.oneof(text, packed, bits).chain(([content, encoding]) => {
    const least = content === 'x+n' ? 2 : 1;
    return fc
      .tuple(fieldLength(encoding, least), pad(content, encoding))
      .map(([length, filler]) => ({ name: 'field', content, encoding, length, ...filler }));
  });
}

function bytesField(): fc.Arbitrary<Field> {
  return fc
    .integer({ min: 1, max: 12 })
    .map((fixed) => ({ name: 'header', content: 'b', encoding: 'binary', length: { fixed } }));
}

/** Limits stay within what the prefix can write and what keeps messages short. */
function fieldLength(encoding: Encoding, least: number): fc.Arbitrary<Field['length']> {
  const fixed = fc.integer({ min: least, max: 24 }).map((characters) => ({ fixed: characters }));
  const prefix = fc.constantFrom<[LengthEncoding, number]>(
    ...(['ascii', 'ebcdic', 'bcd', 'hex'] as const).flatMap((name) =>
      [1, 2, 3, 4].map((width): [LengthEncoding, number] => [name, width]),
    ),
    ['binary', 1],
    ['binary', 2],
  );
  const unit = fc.constantFrom('characters' as const, 'bytes' as const, 'nibbles' as const);
  const variable = fc
    .tuple(prefix, unit, fc.integer({ min: 4, max: 60 }), fc.boolean())
    .map(([[name, width], counted, wanted, whole]) => {
      const capacity = name === 'binary' ? 255 : (name === 'hex' ? 16 : 10) ** width - 1;
      const max = Math.min(wanted, capacity);
      const longest = counted === 'bytes' && encoding === 'bcd' ? max * 2 : max;
      return { prefix: name, width, max, min: 0, unit: counted, ...(whole ? { occupies: longest } : {}) };
    });
  return fc.oneof(fixed, variable);
}

function pad(content: Content, encoding: Encoding): fc.Arbitrary<{ pad?: Pad }> {
  const side = fc.constantFrom('left' as const, 'right' as const);
  if (encoding === 'bcd') {
    return fc
      .tuple(side, fc.constantFrom('0', 'F'))
      .map(([where, filler]) => ({ pad: { side: where, with: filler } }));
  }
  if (content === 'b' || content === 'x+n') return fc.constant({});
  const filler = content === 'n' || content === 'z' || content === 'h' ? '0' : ' ';
  return fc.constantFrom({}, { pad: { side: filler === '0' ? 'left' : 'right', with: filler } } as {
    pad: Pad;
  });
}

function compositeField(): fc.Arbitrary<Field> {
  const container = fc.constantFrom<Encoding>('binary', 'ascii', ...charsets.slice(1), ...hexTexts);
  const prefix = fc.constantFrom<[LengthEncoding, number]>(
    ['ascii', 3],
    ['ebcdic', 4],
    ['bcd', 3],
    ['binary', 2],
    ['hex', 4],
  );
  return fc
    .tuple(container, prefix, fc.array(plainField(), { minLength: 1, maxLength: 5 }), composition())
    .map(([encoding, [name, width], fields, kind]) => ({
      name: 'composite',
      content: 'b' as const,
      encoding,
      length: { prefix: name, width, max: 900 },
      composition: kind,
      parts: Object.fromEntries(fields.map((field, i) => [`sf${i + 1}`, partOf(field, i, kind)])),
    }));
}

function composition(): fc.Arbitrary<Composition> {
  const tagEncoding = fc.constantFrom(
    'ascii' as const,
    'ebcdic-1047' as const,
    'ebcdic-037' as const,
    'binary' as const,
  );
  const length = fc.constantFrom(
    { prefix: 'ascii' as const, width: 3 },
    { prefix: 'binary' as const, width: 1 },
    { prefix: 'bcd' as const, width: 3 },
  );
  return fc.oneof(
    fc.constant<Composition>({ kind: 'positional' }),
    fc
      .tuple(fc.constantFrom('binary', 'hex', 'hex-lower', 'ebcdic-hex'), fc.integer({ min: 1, max: 8 }))
      .map(([encoding, bytes]): Composition => ({ kind: 'bitmap', bytes, encoding })),
    fc.tuple(tagEncoding, length, fc.constantFrom('length', 'unknownLength', 'none')).map(
      ([encoding, form, where]): Composition => ({
        kind: 'tagged',
        tag: { encoding, characters: 2 },
        ...(where === 'none' ? {} : { [where]: form }),
      }),
    ),
    fc.constantFrom<Composition>({ kind: 'ber-tlv' }, { kind: 'ber-tlv', unknownTags: 'refuse' }),
  );
}

/** Behind a tag with a length of its own a part is what that length leaves it. */
function partOf(field: Field, index: number, kind: Composition): Part {
  const number = index + 1;
  switch (kind.kind) {
    case 'positional':
      return field;
    case 'bitmap':
      return { ...field, bit: number };
    case 'ber-tlv':
      return { ...field, tag: `DF0${number}` };
    case 'tagged':
      return { ...field, tag: `0${number}` };
  }
}
