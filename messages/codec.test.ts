import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  Bytes,
  CardVerificationValue,
  type Codec,
  compile,
  IsoError,
  iso87Ascii,
  iso87AsciiHex,
  type Message,
  Pan,
  PinBlock,
  posBcd,
  Track2,
  visaBase1,
  visaReplyHeader,
} from './index.ts';

const ascii = compile(iso87Ascii);
const bcd = compile(posBcd);
const visa = compile(visaBase1);

const echo: Message<typeof iso87Ascii> = { mti: '0800', de7: '1123180501', de11: '000044', de70: '301' };
const hexOf = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

function refusal(action: () => unknown): IsoError {
  try {
    action();
  } catch (error) {
    if (error instanceof IsoError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('parse', () => {
  test('an echo in ASCII', () => {
    const bytes = Buffer.concat([
      Buffer.from('0800'),
      hexOf('8220000000000000 0400000000000000'),
      Buffer.from('1123180501000044301'),
    ]);
    expect(ascii.parse(bytes)).toEqual(echo);
    expect(ascii.pack(echo)).toEqual(bytes);
  });

  test('a type that cannot be read has no partial message', () => {
    const error = refusal(() => ascii.parse(Buffer.from('08')));
    expect(error).toMatchObject({ code: 'ISO_TRUNCATED', path: 'MTI', offset: 0 });
    expect(error.partial.mti).toBeUndefined();
  });

  test('a field cut short is refused with its path, offset and what came before', () => {
    const bytes = ascii.pack(echo).subarray(0, -1);
    const error = refusal(() => ascii.parse(bytes));
    expect(error).toMatchObject({
      code: 'ISO_TRUNCATED',
      path: 'DE70',
      offset: 36,
      expected: '3 bytes',
      found: '2',
    });
    expect(error.partial).toEqual({ mti: '0800', de7: '1123180501', de11: '000044' });
  });

  test.each([
    ['an unknown message type', '30393930 0220000000000000', 'ISO_MTI', 'MTI'],
    ['letters as message type', '30384130 0220000000000000', 'ISO_MTI', 'MTI'],
    ['an empty bitmap', '30383030 0000000000000000', 'ISO_BITMAP_EMPTY', 'bitmap'],
    ['a bitmap cut short', '30383030 02200000', 'ISO_TRUNCATED', 'bitmap'],
    ['a secondary bitmap cut short', '30383030 8220000000000000 0400', 'ISO_TRUNCATED', 'DE1'],
    [
      'a bit for field 65, which 1987 does not define',
      '30383030 8000000000000000 8000000000000000',
      'ISO_FIELD_UNDEFINED',
      'DE65',
    ],
    ['a letter in a number', '30383030 0020000000000000 303030303441', 'ISO_CONTENT', 'DE11'],
    ['a letter in a length', '30383030 4000000000000000 3141', 'ISO_LENGTH_PREFIX', 'DE2'],
    ['a length over the maximum', '30383030 4000000000000000 3230', 'ISO_LENGTH', 'DE2'],
    ['NUL in text', '30383030 0000000000800000 5445524d00303031', 'ISO_CONTENT', 'DE41'],
    [
      'a byte after the last field',
      '30383030 0020000000000000 303030303434 00',
      'ISO_TRAILING_BYTES',
      'message',
    ],
  ])('refuses %s', (_, hex, code, path) => {
    expect(refusal(() => ascii.parse(hexOf(hex)))).toMatchObject({ code, path });
  });

  test.each([
    ['a nibble above nine in a number', '0800 0020000000000000 00000A', 'ISO_CONTENT', 'DE11'],
    ['a padding nibble that is not zero', '0800 0000100000000000 1978', 'ISO_PAD', 'DE20'],
    ['a nibble above nine in a length', '0800 4000000000000000 1A', 'ISO_LENGTH_PREFIX', 'DE2'],
    ['a stray nibble in track 2', '0800 0000000020000000 04424C', 'ISO_CONTENT', 'DE35'],
  ])('in BCD refuses %s', (_, hex, code, path) => {
    expect(refusal(() => bcd.parse(hexOf(hex)))).toMatchObject({ code, path });
  });

  test('what is refused can be let pass', () => {
    const lenient = compile(iso87Ascii, {
      trailingBytes: 'ignore',
      content: 'accept',
      mti: 'any',
      emptyBitmap: 'accept',
    });
    expect(lenient.parse(hexOf('30384130 0020000000000000 303030303441 FF'))).toEqual({
      mti: '08A0',
      de11: '00004A',
    });
    expect(lenient.parse(hexOf('30384130 0000000000000000'))).toEqual({ mti: '08A0' });
    const lenientBcd = compile(posBcd, { padNibbles: 'accept' });
    expect(lenientBcd.parse(hexOf('0800 0000100000000000 1978'))).toEqual({ mti: '0800', de20: '978' });
  });

  test('no error shows card data', () => {
    const pan = '4242424242424242';
    const error = refusal(() =>
      ascii.parse(Buffer.concat([hexOf('30383030 4010000000000000'), Buffer.from(`16${pan}X`)])),
    );
    expect(error.partial).toHaveProperty('de2');
    expect(Object.keys(error)).not.toContain('partial');
    expect(`${error} ${JSON.stringify(error)} ${error.stack}`).not.toContain(pan);
  });
});

describe('pack', () => {
  test('fills text up with spaces on the right', () => {
    const packed = ascii.pack({ mti: '0800', de41: 'T1' });
    expect(packed.subarray(12).toString()).toBe('T1      ');
  });

  test('an odd number of BCD digits gets a zero in front, a D for the separator', () => {
    const packed = bcd.pack({ mti: '0100', de22: '051', de35: Track2.of('4242424242424242=301220112345') });
    expect(packed.subarray(10).toString('hex').toUpperCase()).toBe(
      '0051' + '29' + '04242424242424242D301220112345',
    );
  });

  test.each([
    ['a number too short', { de4: '2500' }, 'ISO_LENGTH', 'DE4'],
    ['a letter in a number', { de4: '00000000A000' }, 'ISO_CONTENT', 'DE4'],
    ['text too long', { de41: 'TERM00001' }, 'ISO_LENGTH', 'DE41'],
    ['a control character', { de48: 'a\u0000b' }, 'ISO_CONTENT', 'DE48'],
    ['a character beyond ISO 8859-1', { de48: '€' }, 'ISO_CONTENT', 'DE48'],
    ['a string for a card number', { de2: '4242424242424242' }, 'ISO_VALUE', 'DE2'],
    ['a field the dialect does not know', { de65: '1' }, 'ISO_FIELD_UNDEFINED', 'de65'],
    ['a property that is no field', { amount: '1' }, 'ISO_FIELD_UNDEFINED', 'amount'],
    ['a PIN block of another size', { de52: PinBlock.of(Buffer.alloc(16)) }, 'ISO_LENGTH', 'DE52'],
    ['no field at all', {}, 'ISO_BITMAP_EMPTY', 'bitmap'],
  ])('refuses %s, in ASCII and in BCD', (_, fields, code, path) => {
    for (const codec of [ascii, bcd] as unknown as Codec<Message>[]) {
      expect(refusal(() => codec.pack({ mti: '0100', ...fields } as unknown as Message))).toMatchObject({
        code,
        path,
      });
    }
  });
});

describe('the type of a message', () => {
  test('follows from the dialect', () => {
    expectTypeOf<Message<typeof iso87Ascii>['de2']>().toEqualTypeOf<Pan | undefined>();
    expectTypeOf<Message<typeof iso87Ascii>['de3']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Message<typeof posBcd>['de35']>().toEqualTypeOf<Track2 | undefined>();
    expectTypeOf<Message<typeof posBcd>['de64']>().toEqualTypeOf<Bytes | undefined>();
    expectTypeOf<NonNullable<Message<typeof visaBase1>['de62']>['sf2']>().toEqualTypeOf<string | undefined>();
    // @ts-expect-error no such field in 1987
    const unknownField: Message<typeof iso87Ascii> = { mti: '0800', de65: '1' };
    // @ts-expect-error a card number is not a string
    const wrongKind: Message<typeof iso87Ascii> = { mti: '0800', de2: '4242424242424242' };
    expect([unknownField, wrongKind]).toHaveLength(2);
  });
});

describe('the MAC slot', () => {
  const withMac = ascii.pack({ ...echo, de128: Bytes.of(Buffer.alloc(8)) });

  test('is the last field, and covers everything before it', () => {
    const slot = ascii.macSlot(withMac);
    expect(slot?.covered).toEqual(withMac.subarray(0, -8));
    ascii.setMac(withMac, Buffer.from('0123456789abcdef', 'hex'));
    expect(ascii.parse(withMac).de128?.hex()).toBe('0123456789ABCDEF');
    expect(ascii.macSlot(withMac)?.mac.toString('hex')).toBe('0123456789abcdef');
  });

  test('is written as hex where the dialect writes hex', () => {
    const hex = compile(iso87AsciiHex);
    const packed = hex.pack({ ...echo, de128: Bytes.of(Buffer.alloc(8)) });
    hex.setMac(packed, Buffer.from('0123456789abcdef', 'hex'));
    expect(packed.subarray(-16).toString()).toBe('0123456789ABCDEF');
    expect(hex.macSlot(packed)?.covered).toEqual(packed.subarray(0, -16));
    expect(hex.macSlot(packed)?.mac.toString('hex')).toBe('0123456789abcdef');
  });

  test('is absent when the message does not end with a MAC', () => {
    expect(ascii.macSlot(ascii.pack(echo))).toBeUndefined();
    expect(ascii.macSlot(Buffer.from('0800'))).toBeUndefined();
    const middle = ascii.pack({ ...echo, de64: Bytes.of(Buffer.alloc(8)) });
    expect(ascii.macSlot(middle)).toBeUndefined();
    expect(refusal(() => ascii.setMac(middle, Buffer.alloc(8))).code).toBe('ISO_VALUE');
    expect(refusal(() => ascii.setMac(withMac, Buffer.alloc(4))).code).toBe('ISO_VALUE');
  });

  test('leaves the Visa header out of what it covers', () => {
    const packed = visa.pack({
      mti: '0800',
      header: { destination: '123456', source: '654321' },
      de11: '000001',
      de64: Bytes.of(Buffer.alloc(8)),
    });
    expect(visa.macSlot(packed)?.covered).toEqual(packed.subarray(22, -8));
  });
});

describe('visa-base1', () => {
  const header = { destination: '123456', source: '654321', roundTrip: 0x81 };

  test('a reply swaps the stations and echoes the rest', () => {
    expect(visaReplyHeader(header)).toEqual({ destination: '654321', source: '123456', roundTrip: 0x81 });
  });

  test('a CVV2 in field 126 is typed and masked', () => {
    const cvv = CardVerificationValue.of('123');
    const packed = visa.pack({
      mti: '0100',
      header,
      de126: { sf10: { presence: '1', responseType: '1', value: cvv } },
    });
    const value = visa.parse(packed).de126?.sf10?.value;
    expect(value?.reveal()).toBe('123');
    expect(JSON.stringify(visa.parse(packed))).not.toContain('123"');
  });

  test('a bit without a part is refused with its path', () => {
    const packed = visa.pack({ mti: '0100', header, de63: { sf1: '0002' } });
    packed[packed.length - 5] = 0x88;
    expect(refusal(() => visa.parse(packed))).toMatchObject({ code: 'ISO_FIELD_UNDEFINED', path: 'DE63' });
  });

  test.each([
    ['another header length', 0, 21],
    ['a total length that is not the frame', 4, 1],
    ['a station that is not digits', 5, 0xaa],
  ])('refuses %s', (_, at, value) => {
    const packed = visa.pack({ mti: '0800', header, de11: '000001' });
    packed[at] = value;
    expect(refusal(() => visa.parse(packed))).toMatchObject({ code: 'ISO_HEADER', path: 'header' });
  });

  test('a rejected message comes back with the code and both headers', () => {
    const reject = { code: '0522', original: header };
    const packed = visa.pack({ mti: '0100', header: { ...header, reject }, de2: Pan.of('4111111111111111') });
    expect(packed.subarray(0, 1)).toEqual(Buffer.from([26]));
    expect(visa.parse(packed).header.reject).toMatchObject({ code: '0522', original: header });
  });
});
