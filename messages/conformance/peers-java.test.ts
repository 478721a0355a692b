import { describe, expect, test } from 'vitest';
import { a, e, exact, hex, outcome } from './own-rows.ts';
import type { JsonObject } from './rows.ts';

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
