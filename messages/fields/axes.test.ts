import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  Bytes,
  type Codec,
  type cb2aLike,
  compile,
  type Dialect,
  type Field,
  fromPlain,
  IsoError,
  iso87Ascii,
  iso2003Ascii,
  type Message,
  mastercardCis,
  type Strictness,
  toPlain,
  type visaBase1,
} from '../index.ts';

const hexOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** A dialect of one field, DE48. */
function around(field: Omit<Field, 'name'>, bitmap: Dialect['bitmap'] = { encoding: 'binary' }): Dialect {
  return {
    name: 'one',
    description: '',
    conformant: false,
    mti: { encoding: 'bcd' },
    bitmap,
    fields: { 48: { name: 'F', ...field } },
  };
}

const codecOf = (dialect: Dialect, strictness: Partial<Strictness> = {}) =>
  compile(dialect, strictness) as unknown as Codec<Message>;

function read(field: Omit<Field, 'name'>, wire: string, strictness: Partial<Strictness> = {}): unknown {
  const codec = codecOf(around(field), strictness);
  const bytes = hexOf(`0800 0000000000010000 ${wire}`);
  const message = codec.parse(bytes);
  expect(codec.pack(message).toString('hex')).toBe(bytes.toString('hex'));
  return toPlain(message, 'revealed').fields[48];
}

function refusal(action: () => unknown): IsoError {
  try {
    action();
  } catch (error) {
    if (error instanceof IsoError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const fixed = (characters: number) => ({ fixed: characters });

test.each<[string, Omit<Field, 'name'>, string, unknown]>([
  ['EBCDIC 1047 brackets', { content: 'ans', encoding: 'ebcdic-1047', length: fixed(2) }, 'ADBD', '[]'],
  ['EBCDIC 037 brackets', { content: 'ans', encoding: 'ebcdic-037', length: fixed(2) }, 'BABB', '[]'],
  ['EBCDIC 500 brackets', { content: 'ans', encoding: 'ebcdic-500', length: fixed(2) }, '4A5A', '[]'],
  ['BCD, odd, zero in front', { content: 'n', encoding: 'bcd', length: fixed(3) }, '0978', '978'],
  [
    'BCD, odd, F in front',
    { content: 'n', encoding: 'bcd', length: fixed(3), pad: { side: 'left', with: 'F' } },
    'F978',
    '978',
  ],
  [
    'BCD, odd, F behind',
    { content: 'n', encoding: 'bcd', length: fixed(3), pad: { side: 'right', with: 'F' } },
    '978F',
    '978',
  ],
  [
    'a sign in front of BCD',
    { content: 'x+n', encoding: 'bcd', length: fixed(9) },
    '44 00001250',
    'D00001250',
  ],
  [
    'a sign in front of EBCDIC digits',
    { content: 'x+n', encoding: 'ebcdic-037', length: fixed(3) },
    'C3F1F2',
    'C12',
  ],
  ['hex text', { content: 'b', encoding: 'hex', length: fixed(2) }, '42454546', 'BEEF'],
  ['small hex text', { content: 'b', encoding: 'hex-lower', length: fixed(2) }, '62656566', 'BEEF'],
  ['hex text in EBCDIC', { content: 'b', encoding: 'ebcdic-hex', length: fixed(2) }, 'C2C5C5C6', 'BEEF'],
  [
    'LLVAR in ASCII',
    { content: 'ans', encoding: 'ascii', length: { prefix: 'ascii', width: 2, max: 99 } },
    '3033 616263',
    'abc',
  ],
  [
    'LLLVAR in EBCDIC',
    { content: 'ans', encoding: 'ebcdic-1047', length: { prefix: 'ebcdic', width: 3, max: 999 } },
    'F0F0F3 818283',
    'abc',
  ],
  [
    'LLLLVAR in BCD',
    { content: 'b', encoding: 'binary', length: { prefix: 'bcd', width: 4, max: 9999 } },
    '0002 BEEF',
    'BEEF',
  ],
  [
    'a length in hex digits',
    { content: 'ans', encoding: 'ascii', length: { prefix: 'hex', width: 2, max: 255 } },
    '3041 6162636465666768696A',
    'abcdefghij',
  ],
  [
    'a length of two bytes',
    { content: 'ans', encoding: 'ascii', length: { prefix: 'binary', width: 2, max: 300 } },
    '0003 616263',
    'abc',
  ],
  [
    'a length in digits of BCD',
    { content: 'n', encoding: 'bcd', length: { prefix: 'bcd', width: 2, max: 19 } },
    '05 012345',
    '12345',
  ],
  [
    'a length in bytes of BCD',
    {
      content: 'n',
      encoding: 'bcd',
      length: { prefix: 'bcd', width: 2, max: 19, unit: 'bytes' },
      pad: { side: 'right', with: 'F' },
    },
    '03 12345F',
    '12345',
  ],
  [
    'a length in nibbles of text',
    { content: 'ans', encoding: 'ascii', length: { prefix: 'bcd', width: 2, max: 20, unit: 'nibbles' } },
    '06 616263',
    'abc',
  ],
  [
    'a field that always takes its whole place',
    { content: 'ans', encoding: 'ascii', length: { prefix: 'bcd', width: 2, max: 5, occupies: 5 } },
    '03 616263 2020',
    'abc',
  ],
  [
    'zeros in front that are taken away',
    { content: 'n', encoding: 'ascii', length: fixed(6), pad: { side: 'left', with: '0', trim: true } },
    '303030303432',
    '42',
  ],
])('%s', (_, field, wire, value) => expect(read(field, wire)).toEqual(value));

describe('bitmaps', () => {
  const three = (
    tertiary: 'after-secondary' | 'as-field-65',
    encoding: 'binary' | 'hex-lower' = 'binary',
  ) => ({
    ...around({ content: 'n', encoding: 'bcd', length: fixed(2) }, { encoding, tertiary }),
    fields: Object.fromEntries(
      [48, 66, 130].map((n): [number, Field] => [
        n,
        { name: '', content: 'n', encoding: 'bcd', length: fixed(2) },
      ]),
    ),
  });
  const message = { mti: '0800', de48: '48', de66: '66', de130: '13' } as unknown as Message;
  const first = '8000000000010000';
  const second = 'C000000000000000';
  const third = '4000000000000000';

  test.each([
    ['a third bitmap behind the second', three('after-secondary'), `${first}${second}${third} 48 66 13`],
    ['a third bitmap in place of field 65', three('as-field-65'), `${first}${second} 48 ${third} 66 13`],
    [
      'three bitmaps in small hex digits',
      three('after-secondary', 'hex-lower'),
      `${Buffer.from(`${first}${second}${third}`.toLowerCase()).toString('hex')} 48 66 13`,
    ],
  ])('%s', (_, dialect, wire) => {
    const codec = codecOf(dialect);
    expect(codec.pack(message).toString('hex')).toBe(hexOf(`0800${wire}`).toString('hex'));
    expect(codec.parse(hexOf(`0800${wire}`))).toEqual(message);
  });
});

describe('what is refused unless it is allowed', () => {
  const tagged: Omit<Field, 'name'> = {
    content: 'b',
    encoding: 'binary',
    length: { prefix: 'bcd', width: 2, max: 99 },
    composition: {
      kind: 'tagged',
      tag: { encoding: 'ascii', characters: 2 },
      length: { prefix: 'bcd', width: 2 },
    },
    parts: { sf1: { name: 'One', tag: '01', content: 'n', encoding: 'ascii', length: { rest: 9 } } },
  };
  const text: Omit<Field, 'name'> = { content: 'ans', encoding: 'ascii', length: fixed(2) };
  const number: Omit<Field, 'name'> = { content: 'n', encoding: 'bcd', length: fixed(3) };

  test.each<[string, Omit<Field, 'name'>, string, Partial<Strictness>, string, number]>([
    ['a tag twice', tagged, '08 3031 01 31 3031 01 32', { duplicateTags: 'accept' }, 'ISO_TLV_DUPLICATE', 15],
    ['bytes behind the last field', text, '6162 63', { trailingBytes: 'ignore' }, 'ISO_TRAILING_BYTES', 12],
    ['NUL in text', text, '6100', { content: 'accept' }, 'ISO_CONTENT', 11],
    ['a pad nibble of another kind', number, '9978', { padNibbles: 'accept' }, 'ISO_PAD', 10],
  ])('%s', (_, field, wire, allowed, code, offset) => {
    const bytes = hexOf(`0800 0000000000010000 ${wire}`);
    expect(refusal(() => codecOf(around(field)).parse(bytes))).toMatchObject({ code, offset });
    expect(() => codecOf(around(field), allowed).parse(bytes)).not.toThrow();
  });

  test('what parse lets pass as text, pack writes again', () =>
    expect(read(text, '61E9', { content: 'accept' })).toBe('aé'));

  test('letters in BCD are refused whatever the options say', () => {
    const codec = codecOf(around(number), { content: 'accept', padNibbles: 'accept' });
    const letters = { mti: '0800', de48: 'A12' } as unknown as Message;
    expect(refusal(() => codec.pack(letters)).code).toBe('ISO_CONTENT');
  });

  test('an unknown tag, where the composition says so', () => {
    const closed = {
      ...tagged,
      composition: { ...tagged.composition, unknownTags: 'refuse' },
    } as typeof tagged;
    const bytes = hexOf('0800 0000000000010000 04 3939 01 41');
    expect(read(tagged, '04 3939 01 41')).toEqual({ tag99: '41' });
    expect(refusal(() => codecOf(around(closed)).parse(bytes))).toMatchObject({
      code: 'ISO_FIELD_UNDEFINED',
      path: 'DE48',
      found: '99',
    });
  });
});

describe('a fault deep inside', () => {
  const cis = codecOf(mastercardCis);

  test('is named with its path and offset, and what came before is kept', () => {
    const message = fromPlain(mastercardCis, {
      mti: '0100',
      fields: { 3: '000000', 48: { tcc: 'T', se42: { sf01: '212' }, se92: '123' } },
    });
    const bytes = cis.pack(message as unknown as Message);
    const at = bytes.length - 1;
    bytes[at] = 0x00;
    const error = refusal(() => cis.parse(bytes));
    expect(error).toMatchObject({ code: 'ISO_CONTENT', path: 'DE48.SE92', offset: at });
    expect(error.partial).toEqual({ mti: '0100', de3: '000000', de48: { tcc: 'T', se42: { sf01: '212' } } });
    bytes[at] = 0xf3;
    const digit = bytes.lastIndexOf(Buffer.from('F2F1F2', 'hex'));
    bytes[digit] = 0x00;
    expect(refusal(() => cis.parse(bytes))).toMatchObject({ path: 'DE48.SE42.SF01', offset: digit });
  });
});

describe('amounts and original data', () => {
  test('have names of their own in every element', () => {
    const message: Message<typeof iso87Ascii> = {
      mti: '0420',
      de54: [{ accountType: '00', amountType: '02', currency: '978', sign: 'C', amount: '000000010000' }],
      de90: {
        mti: '0100',
        stan: '000001',
        transmission: '1126183000',
        acquirer: '00000423935',
        forwarder: '00000000000',
      },
      de95: {
        transaction: '000000001000',
        settlement: '000000000000',
        transactionFee: 'C00000000',
        settlementFee: 'D00000000',
      },
    };
    const codec = compile(iso87Ascii);
    expect(codec.parse(codec.pack(message))).toEqual(message);
  });
});

test('data sets keep data objects that nobody described, byte for byte', () => {
  const codec = compile(iso2003Ascii);
  const inside = Bytes.fromHex('9F36020015DF8101810141');
  const packed = codec.pack({ mti: '2100', de34: { tag71: inside, tag01: Bytes.fromHex('8001AA') } });
  const parsed = codec.parse(packed);
  expect(parsed.de34?.tag71?.hex()).toBe(inside.hex());
  expect(codec.pack(parsed).equals(packed)).toBe(true);
});

test('a part, a slice or a header of another kind does not compile', () => {
  type Cis = Message<typeof mastercardCis>;
  expectTypeOf<NonNullable<NonNullable<Cis['de48']>['se42']>['sf01']>().toEqualTypeOf<string | undefined>();
  // @ts-expect-error DE48 has no such sub-element
  const part: Cis = { mti: '0100', de48: { se01: 'x' } };
  // @ts-expect-error nor has a field that a layout wrote
  const laidOut: Message<typeof cb2aLike> = { mti: '0100', de44: { nothing: 'x' } };
  // @ts-expect-error an amount is text
  const slice: Message<typeof iso87Ascii> = { mti: '0420', de95: { transaction: 1000 } };
  // @ts-expect-error bits are Bytes
  const bits: Message<typeof iso87Ascii> = { mti: '0100', de64: 'A1B2C3D4E5F60718' };
  // @ts-expect-error a Visa message has a header
  const header: Message<typeof visaBase1> = { mti: '0800', de11: '000001' };
  // @ts-expect-error and an ISO 8583:1987 message has none
  const none: Message<typeof iso87Ascii> = { mti: '0800', header: { destination: '1', source: '2' } };
  expect([part, laidOut, slice, bits, header, none]).toHaveLength(6);
});
