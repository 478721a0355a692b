import { describe, expect, test } from 'vitest';
import { charsets } from '../fields/charsets.ts';
import { checkRows } from './check.ts';
import type { JsonObject, Row } from './rows.ts';

/** Rows in the words of each peer, written from what the peers document; no row is anybody's. */

const a = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const e = (text: string) =>
  Buffer.from(Array.from(text, (c) => charsets['ebcdic-500'].fromLatin1[c.charCodeAt(0)] ?? 0)).toString(
    'hex',
  );
const hex = (...parts: string[]) => parts.join('').replaceAll(' ', '').toUpperCase();

function outcome(row: Partial<Row>): string {
  const whole: Row = { id: 'own', kind: 'good', group: 'ref', hex: '', ...row };
  const [result] = checkRows([whole]);
  const found = result?.[1];
  return found?.outcome === 'failed' ? found.reason : (found?.outcome ?? 'none');
}

const exact = { verified: { repackIdentical: true } };
const none = '0000000000000000';

describe('jPOS rows', () => {
  const jpos = (className: string, len: number): JsonObject => ({ class: className, len });
  const base = { 0: jpos('IFB_NUMERIC', 4), 1: jpos('IFB_BITMAP', 16) };

  test.each([
    ['IFA_LLNUM with a separator', 35, 'IFA_LLNUM', 37, hex(a('074242=30')), '4242=30'],
    ['IFB_LLNUM odd, zero in front', 35, 'IFB_LLNUM', 37, '0704242D30', '4242D30'],
    ['IFB_LLNUM odd, zero behind', 32, 'IFB_LLNUM', 11, '05123450', '12345'],
    ['IFB_LLHNUM', 35, 'IFB_LLHNUM', 37, '0704242D30', '4242=30'],
    ['IFEB_LLNUM odd, F behind', 32, 'IFEB_LLNUM', 11, hex(e('03'), '12345F'), '12345'],
    ['IFEB_LLNUM with track 2', 35, 'IFEB_LLNUM', 37, hex(e('04'), '4242D30F'), '4242=30'],
    ['IFB_FLLNUM odd, F behind', 32, 'IFB_FLLNUM', 11, '0512345F', '12345'],
    ['IFB_FNUMERIC odd, F behind', 23, 'IFB_FNUMERIC', 3, '123F', '123'],
    ['IFA_FLLCHAR, always whole', 44, 'IFA_FLLCHAR', 6, a('04text  '), 'text'],
    ['IFB_LLHFBINARY, always whole', 63, 'IFB_LLHFBINARY', 5, '02 ABCD 000000', { $hex: 'ABCD' }],
    ['IFA_AMOUNT', 28, 'IFA_AMOUNT', 9, a('C00001250'), 'C00001250'],
    ['IFB_AMOUNT', 28, 'IFB_AMOUNT', 9, '44 00001250', 'D00001250'],
    ['IFE_AMOUNT', 28, 'IFE_AMOUNT', 9, e('D00001250'), 'D00001250'],
    ['IFA_BINARY', 52, 'IFA_BINARY', 4, a('0A1B2C3D'), { $hex: '0A1B2C3D' }],
    ['IFE_BINARY', 52, 'IFE_BINARY', 2, e('0A1B'), { $hex: '0A1B' }],
    ['IFA_LLABINARY', 55, 'IFA_LLABINARY', 9, a('020A1B'), { $hex: '0A1B' }],
    ['IFE_LLLCHAR', 48, 'IFE_LLLCHAR', 99, e('003abc'), 'abc'],
    ['IFEA_LLCHAR', 44, 'IFEA_LLCHAR', 25, hex(e('03'), a('abc')), 'abc'],
    ['IFB_LLLHECHAR', 54, 'IFB_LLLHECHAR', 120, hex('0003', e('abc')), 'abc'],
    ['IFB_LLLLBINARY', 55, 'IFB_LLLLBINARY', 9999, '0003 9A0126', { $hex: '9A0126' }],
    ['IFA_LCHAR', 44, 'IFA_LCHAR', 9, a('3abc'), 'abc'],
    ['IFB_LLLHBINARY', 55, 'IFB_LLLHBINARY', 255, '0002 9A00', { $hex: '9A00' }],
    ['a class nobody knows, by the words beside it', 44, 'IFX_OWN', 9, '03 616263', 'abc'],
  ])('%s', (_, number, className, length, wire, value) => {
    const bit = Buffer.alloc(8);
    bit[(number - 1) >> 3] = 0x80 >> ((number - 1) & 7);
    const words = className === 'IFX_OWN' ? { enc: 'ascii', lenEnc: 'binary', lenDigits: 1, max: 9 } : {};
    const spec = { ...base, [number]: { ...jpos(className, length), ...words } };
    const row = { group: 'jpos', mti: '0200', fields: { [number]: value }, spec, ...exact } as const;
    expect(outcome({ ...row, hex: hex('0200', bit.toString('hex'), wire) })).toBe('passed');
    expect(outcome({ ...row, hex: hex('0200', bit.toString('hex'), wire, '00') })).not.toBe('passed');
  });

  test('fields filled up on different sides in one message', () => {
    const spec = { ...base, 2: jpos('IFB_LLNUM', 19), 32: jpos('IFB_LLNUM', 11) };
    const row = { group: 'jpos', mti: '0200', fields: { 2: '12345', 32: '678' }, spec, ...exact } as const;
    expect(outcome({ ...row, hex: hex('0200 4000000100000000', '05 012345', '03 6780') })).toBe('passed');
  });

  test('tagged fields, and an inner message behind its own bitmap', () => {
    const sub = { 1: jpos('IFA_TTLLCHAR', 9), 12: jpos('IFA_TTLLLCHAR', 9) };
    const tagged = { outer: 'IFA_LLLCHAR', outerLen: 99, subPackager: 'GenericTaggedFieldsPackager', sub };
    const inner = {
      outer: 'IFB_LLHBINARY',
      outerLen: 99,
      subPackager: 'Base1SubFieldPackager',
      sub: { 0: jpos('IFB_BITMAP', 8), 2: jpos('IFB_NUMERIC', 4), 7: jpos('IFE_CHAR', 2) },
    };
    const fields = { 48: { 1: 'ab', 12: 'c' }, 62: { 2: '1234', 7: 'xy' } };
    const bytes = hex('0200 0000000000010004', a('0120102ab12001c'), '0C 4200000000000000 1234', e('xy'));
    const row = {
      group: 'jpos',
      mti: '0200',
      fields,
      spec: { ...base, 48: tagged, 62: inner },
      ...exact,
    } as const;
    expect(outcome({ ...row, hex: bytes })).toBe('passed');
  });
});

describe('j8583 rows', () => {
  const ascii = 'j8583: MTI+bitmap ascii, fields ascii, bitmap hex text, charset UTF-8, header 0 bytes';
  const binary = 'j8583: MTI+bitmap binary, fields binary/BCD, bitmap binary, charset UTF-8, header 0 bytes';

  test.each([
    ['NUMERIC', 3, '0051', '051'],
    ['AMOUNT', 12, '000000012345', '000000012345'],
    ['DATE14', 14, '20261126183000', '20261126183000'],
    ['DATE12', 12, '261126183000', '261126183000'],
    ['DATE10', 10, '1126183000', '1126183000'],
    ['DATE6', 6, '261126', '261126'],
    ['DATE4', 4, '1126', '1126'],
    ['DATE_EXP', 4, '2611', '2611'],
    ['TIME', 6, '183000', '183000'],
    ['ALPHA', 4, a('ab  '), 'ab  '],
    ['BINARY', 2, 'BEEF', 'BEEF'],
    ['LLVAR', 0, `03${a('abc')}`, 'abc'],
    ['LLLVAR', 0, `0003${a('abc')}`, 'abc'],
    ['LLLLVAR', 0, `0003${a('abc')}`, 'abc'],
    ['LLBIN', 0, '02BEEF', 'BEEF'],
    ['LLLBIN', 0, '0012 000102030405060708090A0B', '000102030405060708090A0B'],
    [
      'LLLBIN read with a binary length',
      0,
      '0012 000102030405060708090A0B0C0D0E0F1011',
      '000102030405060708090A0B0C0D0E0F1011',
    ],
    ['LLBCDBIN', 0, '05 012345', '012345'],
    ['LLBINLENGTHNUM', 0, '05 012345', '12345'],
    ['LLBINLENGTHALPHANUM', 0, `0C${a('abcdefghijkl')}`, 'abcdefghijkl'],
    ['LLBINLENGTHBIN', 0, `0A${'00'.repeat(9)}01`, `${'00'.repeat(9)}01`],
    ['LLLLBINLENGTHBIN', 0, `000A${'00'.repeat(9)}01`, `${'00'.repeat(9)}01`],
    ['LLBCDLENGTHALPHANUM', 0, `10${a('abcdefghij')}`, 'abcdefghij'],
  ])('%s in binary', (words, len, wire, value) => {
    const spec = { 3: { type: words.split(' ')[0] ?? '', len } };
    const row = {
      group: 'j8583',
      dialect: binary,
      mti: '0200',
      fields: { 3: value },
      spec,
      ...exact,
    } as const;
    expect(outcome({ ...row, hex: hex('0200 2000000000000000', wire) })).toBe('passed');
  });

  test.each([
    ['LLBIN', '04BEEF', 'BEEF'],
    ['LLBIN', '03EEF', '0EEF'],
    ['LLLBIN', '004BEEF', 'BEEF'],
    ['LLBCDBIN', '0512345', '012345'],
    ['LLBINLENGTHALPHANUM', '03abc', 'abc'],
    ['BINARY', 'BEEF', 'BEEF'],
  ])('%s in ASCII', (type, wire, value) => {
    const spec = { 3: { type, len: 2 } };
    const row = {
      group: 'j8583',
      dialect: ascii,
      mti: '0200',
      fields: { 3: value },
      spec,
      ...exact,
    } as const;
    expect(outcome({ ...row, hex: a(`02002000000000000000${wire}`) })).toBe('passed');
  });

  test('a code page of EBCDIC, and a header', () => {
    const dialect = 'j8583: MTI+bitmap ascii, fields ascii, bitmap hex text, charset IBM-037, header 3 bytes';
    const spec = { 3: { type: 'NUMERIC', len: 6 }, 43: { type: 'LLVAR', len: 0 } };
    const row = {
      group: 'j8583',
      dialect,
      mti: '0200',
      fields: { 3: '000001', 43: 'ab' },
      spec,
      ...exact,
    } as const;
    expect(outcome({ ...row, hex: hex('495349', e('02002000000000200000'), e('00000102ab')) })).toBe(
      'passed',
    );
  });

  test('without fields, only what every field would refuse is refused', () => {
    const bad = { group: 'j8583', kind: 'bad', expect: 'error' } as const;
    expect(outcome({ ...bad, dialect: binary, hex: '020080000000' })).toBe('passed');
    expect(outcome({ ...bad, dialect: ascii, hex: a('02008000000000000000') })).toBe('passed');
    expect(outcome({ ...bad, dialect: binary, hex: '020020000000000000000000' })).toBe('unspecified');
  });
});

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
