import { describe, expect, test } from 'vitest';
import { a, e, exact, hex, none, outcome } from './own-rows.ts';
import type { JsonObject, Row } from './rows.ts';

describe('IPM rows', () => {
  const words = (charset: string, bitmap: string) =>
    `Mastercard IPM (cardutil): charset ${charset}, bitmap ${bitmap}, both bitmaps always present`;
  const bits = `A000000000010200${none}`;
  const chip = '9F0206000000002500 82023900 000000';
  const fields = {
    DE3: '000000',
    DE48: '0023003POS0148003978',
    PDS0023: 'POS',
    PDS0148: '978',
    DE55: hex(chip),
    TAG9F02: '000000002500',
    TAG82: '3900',
  };

  test.each([
    ['latin_1', 'binary', bits, a],
    ['cp500', 'binary', bits, e],
    ['cp037', 'binary', bits, e],
    ['cp500', 'hex text', a(bits.toLowerCase()), e],
    ['ascii', 'hex text', a(bits), a],
  ])('in %s with a bitmap in %s', (charset, bitmap, map, text) => {
    const bytes = hex(text('1644'), map, text('000000'), text('0200023003POS0148003978'), text('016'), chip);
    const row = { group: 'ipm', dialect: words(charset, bitmap), mti: '1644', fields, ...exact } as const;
    expect(outcome({ ...row, hex: bytes })).toBe('passed');
    expect(outcome({ ...row, hex: bytes, fields: { ...fields, PDS0023: 'TEL' } })).toBe(
      'PDS0023 differs from the row',
    );
    expect(outcome({ ...row, hex: bytes, fields: { ...fields, TAG82: '3800' } })).toBe(
      'TAG82 differs from the row',
    );
  });

  test.each([
    ['chip data whose tag does not end', '0000000000000200', `${a('001')}9F`],
    ['chip data cut short', '0000000000000200', `${a('003')}9F0206`],
    ['a sub-element longer than its field', '0000000000010000', a('0090023005AB')],
    ['a sub-element whose length is no number', '0000000000010000', a('0090023XX1AB')],
    ['a letter where there is a number', '1000000000000000', a('0000000012X4')],
    ['a thirteenth month', '0010000000000000', a('261301120000')],
    ['a byte behind the last field', '2000000000000000', a('0000001')],
    ['a field nobody defines', '0000008000000000', a('00')],
  ])('refuse %s', (_, map, wire) => {
    const primary = (BigInt(`0x${map}`) | (1n << 63n)).toString(16);
    const bytes = hex(a('1644'), primary, none, wire);
    expect(
      outcome({
        group: 'ipm',
        kind: 'bad',
        expect: 'error',
        dialect: words('latin_1', 'binary'),
        hex: bytes,
      }),
    ).toBe('passed');
  });
});

test('SmartVista rows describe themselves', () => {
  const bytes = hex(a('0200'), '2030000000C08200', a('000000'), a('000042261126183000'));
  const row = { group: 'sv', dialect: 'SmartVista: ASCII, binary bitmap', mti: '0200', ...exact } as const;
  const tail = hex(a('00992468000124642124643'), a('978'), '0003 9A0126');
  expect(
    outcome({
      ...row,
      hex: bytes + tail,
      fields: {
        3: 0,
        11: 42,
        12: 261126183000,
        41: 992468,
        42: 124642124643,
        49: 978,
        55: { type: 'Buffer', data: [0x9a, 1, 0x26] },
      },
    }),
  ).toBe('passed');
});

describe('moov rows', () => {
  const fixed = (type: string, max: number, enc = 'ascii') => ({
    type,
    max,
    enc,
    lenEnc: 'fixed',
    lenDigits: 0,
  });
  const variable = (type: string, max: number, enc: string, lenEnc: string, lenDigits: number) => ({
    type,
    max,
    enc,
    lenEnc,
    lenDigits,
  });
  const base = { 0: fixed('String', 4), 1: fixed('Bitmap', 0, 'binary') };

  test.each<[string, JsonObject, string, unknown]>([
    ['BCD, odd', fixed('Numeric', 3, 'bcd'), '0978', '978'],
    ['LBCD, odd', fixed('Numeric', 3, 'bcd-left-justified'), '9780', '978'],
    ['EBCDIC with its own length', variable('String', 9, 'ebcdic', 'ebcdic', 2), e('03abc'), 'abc'],
    ['EBCDIC 1047', variable('String', 9, 'ebcdic-1047', 'ebcdic-1047', 2), e('03abc'), 'abc'],
    [
      'hex text behind a hex length',
      variable('Binary', 99, 'binary-as-ascii-hex', 'hex', 1),
      a('02BEEF'),
      'BEEF',
    ],
    ['binary length', variable('String', 300, 'ascii', 'binary', 2), hex('0003', a('abc')), 'abc'],
    ['BCD length', variable('Numeric', 19, 'bcd', 'bcd', 2), '05 012345', '12345'],
    ['a string of raw bytes', variable('String', 19, 'binary', 'binary', 1), hex('03', a('abc')), 'abc'],
    [
      'zeros taken away',
      { ...fixed('Numeric', 6), pad: { char: '0', type: 'leftPadder' } },
      a('000042'),
      '42',
    ],
    [
      'spaces taken away',
      { ...fixed('String', 6), pad: { char: ' ', type: 'rightPadder' } },
      a('ab    '),
      'ab',
    ],
    ['Track 2', variable('Track2', 37, 'ascii', 'ascii', 2), a('074242=30'), '4242=30'],
    [
      'parts by tag, padded, in any order',
      {
        ...variable('Composite', 99, '', 'ascii', 2),
        tag: { enc: 'ascii', len: 2, pad: { char: '0', type: 'leftPadder' } },
        sub: {
          1: variable('String', 9, 'ascii', 'ascii', 2),
          11: variable('String', 9, 'ascii', 'ascii', 2),
        },
      },
      a('131102xy0103abc'),
      { 11: 'xy', 1: 'abc' },
    ],
    [
      'unknown tags stepped over and kept',
      {
        ...variable('Composite', 99, '', 'ascii', 2),
        tag: { enc: 'ascii', len: 2, skipUnknown: true, storeUnknown: true },
        sub: { '01': variable('String', 9, 'ascii', 'ascii', 2) },
      },
      a('137702xy0103abc'),
      { 77: '7879', '01': 'abc' },
    ],
    [
      'tags in EBCDIC',
      {
        ...variable('Composite', 99, '', 'ebcdic', 2),
        tag: { enc: 'ebcdic', len: 2 },
        sub: { '01': variable('String', 9, 'ebcdic', 'ebcdic', 2) },
      },
      e('070103abc'),
      { '01': 'abc' },
    ],
    [
      'tags in BCD',
      {
        ...variable('Composite', 99, '', 'binary', 1),
        tag: { enc: 'bcd', len: 2 },
        sub: { '01': variable('String', 9, 'ascii', 'binary', 1) },
      },
      hex('05', '01 03', a('abc')),
      { '01': 'abc' },
    ],
    [
      'parts by bit',
      {
        ...variable('Composite', 99, '', 'ascii', 2),
        bitmap: fixed('Bitmap', 1, 'binary'),
        sub: { 1: fixed('String', 2), 3: fixed('Numeric', 2, 'bcd') },
      },
      hex(a('04'), 'A0', a('ab'), '42'),
      { 1: 'ab', 3: '42' },
    ],
    [
      'parts by bit, the usual number of them',
      {
        ...variable('Composite', 99, '', 'ascii', 2),
        bitmap: fixed('Bitmap', 0, 'binary'),
        sub: { 2: fixed('String', 2) },
      },
      hex(a('10'), '4000000000000000', a('ab')),
      { 2: 'ab' },
    ],
    [
      'chip data with tags of three bytes and a long length',
      {
        ...variable('Composite', 999, '', 'ascii', 3),
        tag: { enc: 'berTLVEncoderTag', len: 0, skipUnknown: true, storeUnknown: true },
        sub: { '9F8101': variable('Hex', 0, 'binary', 'bertlv', 0) },
      },
      hex(a('137'), '9F8101 8180', 'AB'.repeat(128), '9A 02 2611'),
      { '9F8101': 'AB'.repeat(128), '9A': '2611' },
    ],
  ])('%s', (_, field, wire, value) => {
    const row = {
      group: 'moov',
      mti: '0100',
      fields: { 48: value },
      spec: { ...base, 48: field },
      ...exact,
    } as Partial<Row>;
    expect(outcome({ ...row, hex: hex(a('0100'), '0000000000010000', wire) })).toBe('passed');
  });

  test('a tag that the specification does not know is refused, unless it is to be skipped', () => {
    const field = (tag: JsonObject) => ({
      ...variable('Composite', 99, '', 'ascii', 2),
      tag: { enc: 'ascii', len: 2, ...tag },
      sub: { '01': variable('String', 9, 'ascii', 'ascii', 2) },
    });
    const bad = (tag: JsonObject) =>
      outcome({
        group: 'moov',
        kind: 'bad',
        expect: 'error',
        spec: { ...base, 48: field(tag) },
        hex: hex(a('0100'), '0000000000010000', a('067702xy')),
      });
    expect(bad({})).toBe('passed');
    expect(bad({ skipUnknown: true })).toContain('accepted');
  });
});

describe('pyiso8583 rows', () => {
  const base = {
    t: { data_enc: 'ascii', len_type: 0, max_len: 4 },
    p: { data_enc: 'b', len_type: 0, max_len: 8 },
  };
  const row = (spec: JsonObject, wire: string, value: string): Partial<Row> => ({
    group: 'pyiso',
    mti: '0200',
    spec: { ...base, 2: spec },
    fields: { 2: value },
    hex: hex(a('0200'), '4000000000000000', wire),
    ...exact,
  });

  test.each<[string, JsonObject, string, string]>([
    [
      'text counted in nibbles',
      { data_enc: 'ascii', len_enc: 'ascii', len_type: 2, max_len: 8, len_count: 'nibbles' },
      a('08abcd'),
      'abcd',
    ],
    [
      'digits counted in nibbles, padded on the right',
      { data_enc: 'b', len_enc: 'bcd', len_type: 1, max_len: 9, len_count: 'nibbles', right_pad: 'F' },
      '03 123F',
      '123',
    ],
    ['digits counted in bytes', { data_enc: 'b', len_enc: 'b', len_type: 1, max_len: 9 }, '02 1234', '1234'],
    [
      'cp037 behind a length in cp500',
      { data_enc: 'cp037', len_enc: 'cp500', len_type: 3, max_len: 99 },
      e('003abc'),
      'abc',
    ],
    [
      'text of ISO 8859-1',
      { data_enc: 'latin-1', len_enc: 'ascii', len_type: 1, max_len: 9 },
      `${a('2')}E9E8`,
      'éè',
    ],
  ])('%s', (_, spec, wire, value) => expect(outcome(row(spec, wire, value))).toBe('passed'));

  test('text of half a character is refused', () => {
    const spec = { data_enc: 'ascii', len_enc: 'ascii', len_type: 0, max_len: 3, len_count: 'nibbles' };
    expect(outcome({ ...row(spec, a('ab'), ''), kind: 'bad', expect: 'error' })).toBe('passed');
  });
});

test('mutations without a reference row are held against our own dialects', () => {
  const bad = { kind: 'bad', group: 'mut', expect: 'error' } as const;
  expect(outcome({ ...bad, dialect: 'Dialect A', hex: a('0800') })).toBe('passed');
  expect(outcome({ ...bad, dialect: 'Dialect B', hex: '080000200000000000000000' })).toBe('passed');
  expect(outcome({ ...bad, dialect: 'Dialect B', hex: '08000020000000000000000042' })).toContain('accepted');
});

describe('frames in words', () => {
  const body = '08000020000000000000000042';
  test.each([
    ['binary2: 2-byte big-endian length', `000D${body}`],
    ['2-byte length, inclusive', `000F${body}`],
    ['4-byte big-endian length', `0000000D${body}`],
    ['binary4 inclusive', `00000011${body}`],
    ['bcd2: 2-byte BCD length', `0013${body}`],
    ['ascii4: 4 ASCII digits', `${a('0013')}${body}`],
    ['4-byte ASCII length that counts itself', `${a('0017')}${body}`],
    ['4 ASCII digits with ETX trailer', `${a('0014')}${body}03`],
    ['NAC: 2-byte length and TPDU', `00126000030000${body}`],
    ['2-byte BCD length, TPDU', `00186000030000${body}`],
    ['TPDU only, no length', `6000030000${body}`],
    ['vml: 2-byte length + 2 reserved bytes', `000D0000${body}`],
  ])('%s', (dialect, stream) => {
    expect(outcome({ kind: 'frame', group: 'frame', dialect, hex: stream, payloadHex: body })).toBe('passed');
  });

  test('words that name no framing are counted apart', () => {
    expect(outcome({ kind: 'frame', group: 'frame', dialect: '2-byte little-endian', hex: '0100AA' })).toBe(
      'unspecified',
    );
  });
});

describe('chip data', () => {
  test.each([
    ['a constructed object that holds no objects', 'E103AABBCC', [['E1', 'AABBCC']]],
    [
      'tags of four bytes, a long length, zeros between',
      `DF818101 8201 00${'00'.repeat(256)} 0000 9F8101 00`,
      [
        ['DF818101', '00'.repeat(256)],
        ['9F8101', ''],
      ],
    ],
  ] as const)('%s', (_, bytes, tags) => {
    expect(outcome({ kind: 'tlv', group: 'tlv', hex: bytes.replaceAll(' ', ''), tags })).toBe('passed');
  });
});
