import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Codec, compile, IsoError, importJpos, importMoov, type Message, toPlain } from '../index.ts';

const hexOf = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');
const plain = (dialect: Parameters<typeof compile>[0], hex: string) => {
  const codec = compile(dialect) as unknown as Codec<Message>;
  const bytes = hexOf(hex);
  const message = codec.parse(bytes);
  expect(codec.pack(message)).toEqual(bytes);
  return toPlain(message, 'revealed');
};

function refusal(action: () => unknown): IsoError {
  try {
    action();
  } catch (error) {
    if (error instanceof IsoError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const packager = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE isopackager PUBLIC "-//test//EN" "http://example.invalid/none.dtd">
<isopackager>
  <isofield id="0" length="4" name="Type" pad="true" class="org.jpos.iso.IFB_NUMERIC"/>
  <isofield id="1" length="16" name="Bitmap" class="org.jpos.iso.IFB_BITMAP"/>
  <isofield id="2" length="19" name="PAN" pad="false" class="org.jpos.iso.IFB_LLNUM"/>
  <isofield id="4" length="12" name="Amount" class="org.jpos.iso.IFA_NUMERIC"/>
  <isofield id="35" length="37" name="Track 2" pad="true" class="org.jpos.iso.IFB_LLHNUM"/>
  <isofield id="41" length="8" name="Terminal" class="org.jpos.iso.IF_ECHAR"/>
  <isofieldpackager id="48" length="99" name="Private" class="org.jpos.iso.IFA_LLCHAR"
      packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="false">
    <isofield id="0" length="2" name="Kind" class="org.jpos.iso.IF_CHAR"/>
    <isofield id="1" length="10" name="Text" class="org.jpos.iso.IFA_LLCHAR"/>
  </isofieldpackager>
  <isofield id="52" length="8" name="PIN" class="org.jpos.iso.IFA_BINARY"/>
  <isofieldpackager id="63" length="255" name="Bits" class="org.jpos.iso.IFB_LLHBINARY"
      packager="org.jpos.iso.packager.GenericSubFieldPackager" emitBitmap="true" bitmapField="0">
    <isofield id="0" length="3" name="Bitmap" class="org.jpos.iso.IFB_BITMAP"/>
    <isofield id="1" length="4" name="Network" pad="true" class="org.jpos.iso.IFB_NUMERIC"/>
    <isofield id="19" length="3" name="Fee" class="org.jpos.iso.IFE_CHAR"/>
  </isofieldpackager>
  <isofieldpackager id="55" length="255" name="Chip" class="org.jpos.iso.IFB_LLLBINARY"
      packager="org.jpos.tlv.packager.bertlv.BERTLVBinaryPackager"/>
</isopackager>`;

describe('a jPOS packager', () => {
  const dialect = importJpos(packager);

  test('reads and writes what it describes', () => {
    expect(
      plain(
        dialect,
        `0200 5000000020811202 05 123450 303030303030303032353030
         13 04242424242424242D30 E3C5D9D4F0F0F0F1 3038 4142 3034 74657874 31313232333334343535363637373838
         0008 9F36020015820101 08 800020 0002 F1F2F3`.replace(
          '0007 9F36020015 8201',
          '0008 9F36020015 820101',
        ),
      ).fields,
    ).toEqual({
      2: '12345',
      4: '000000002500',
      35: '4242424242424242=30',
      41: 'TERM0001',
      48: { sf0: 'AB', sf1: 'text' },
      52: '1122334455667788',
      55: { tag9F36: '0015', tag82: '01' },
      63: { sf1: '0002', sf19: '123' },
    });
  });

  test.each([
    [
      'an unknown class',
      '  <isofield id="3" length="6" class="org.jpos.iso.IFX_MAGIC"/>',
      'IFX_MAGIC',
      'line 5',
    ],
    [
      'a missing length',
      '  <isofield id="3" class="org.jpos.iso.IFA_NUMERIC"/>',
      'isofield without',
      'line 5',
    ],
    ['an unknown element', '  <isotype id="3"/>', 'isotype', 'line 5'],
    [
      'an inner packager that is code',
      '  <isofieldpackager id="3" length="6" class="IFA_LLCHAR" packager="com.example.Mine"/>',
      'Mine',
      'line 5',
    ],
    [
      'a tag mapper that is code',
      '  <isofieldpackager id="3" length="6" class="IFA_LLCHAR" packager="GenericTaggedFieldsPackager" tagMapper="com.example.Map"/>',
      'Map',
      'line 5',
    ],
    [
      'a field without a tag among tagged ones',
      '  <isofieldpackager id="3" length="6" class="IFA_LLCHAR" packager="GenericTaggedFieldsPackager"><isofield id="1" length="9" class="IFA_LLCHAR"/></isofieldpackager>',
      'IFA_LLCHAR',
      'line 5',
    ],
    [
      'an element inside a data set',
      '  <isofieldpackager id="3" length="6" class="IFB_LLLLBINARY" packager="DatasetPackager"><isofield id="1" length="9" class="IF_CHAR"/></isofieldpackager>',
      'an element',
      'line 5',
    ],
    ['XML that does not close', '  <isofield id="3"', '', 'line'],
  ])('%s is named with its line', (_, line, found, where) => {
    const head = packager.split('\n').slice(0, 4).join('\n');
    const error = refusal(() => importJpos(`${head}\n${line}\n</isopackager>`));
    expect(error.code).toBe('ISO_IMPORT');
    expect(error.path).toContain(where);
    expect(error.found).toContain(found);
  });

  test('tagged fields, data sets, and fields that always take their whole place', () => {
    const xml = `<isopackager>
      <isofield id="0" length="4" class="IFB_NUMERIC"/>
      <isofield id="1" length="8" class="IFB_BITMAP"/>
      <isofieldpackager id="34" length="999" class="IFB_LLLBINARY" packager="org.jpos.iso.packager.DatasetPackager"/>
      <isofield id="44" length="4" name="Filled up" class="IFA_FLLCHAR"/>
      <isofieldpackager id="48" length="99" class="IFA_LLCHAR" packager="org.jpos.iso.packager.GenericTaggedFieldsPackager">
        <isofield id="7" length="9" name="Seven" class="IFA_TTLCHAR"/>
        <isofield id="12" length="9" name="Twelve" class="IFA_TTLLCHAR"/>
      </isofieldpackager>
      <isofield id="63" length="3" name="Whole" class="IFB_LLHFBINARY"/>
    </isopackager>`;
    const wire =
      '0200 0000000040110002 0008 71 0005 80019A0100 3032 61622020 3132 313230326162 303733616263 02 BEEF 00';
    expect(plain(importJpos(xml), wire).fields).toEqual({
      34: { tag71: '80019A0100' },
      44: 'ab',
      48: { sf12: 'ab', sf7: 'abc' },
      63: 'BEEF',
    });
  });

  test('parts of BASE I: behind a bitmap where one is described, else by position', () => {
    const inner = 'class="IFB_LLHBINARY" packager="org.jpos.iso.packager.Base1SubFieldPackager"';
    const xml = `<isopackager><isofield id="0" length="4" class="IFB_NUMERIC"/><isofield id="1" length="8" class="IFB_BITMAP"/>
      <isofieldpackager id="60" length="255" ${inner} emitBitmap="false">
        <isofield id="0" length="2" pad="true" class="IFB_NUMERIC"/><isofield id="1" length="2" pad="true" class="IFB_NUMERIC"/>
      </isofieldpackager>
      <isofieldpackager id="62" length="255" ${inner} emitBitmap="false">
        <isofield id="0" length="8" class="IFB_BITMAP"/>
        <isofield id="1" length="1" class="IFE_CHAR"/><isofield id="2" length="15" pad="true" class="IFB_NUMERIC"/>
      </isofieldpackager></isopackager>`;
    const wire = '0200 0000000000000014 02 0599 10 4000000000000000 0123456789012345';
    expect(plain(importJpos(xml), wire).fields).toEqual({
      60: { sf0: '05', sf1: '99' },
      62: { sf2: '123456789012345' },
    });
  });

  test.each([
    'EuroSubFieldPackager',
    'GICCSubFieldPackager',
    'TaggedSequencePackager',
    'MasterCardEBCDICSubFieldPackager',
  ])('parts of %s are refused, since their tags stand elsewhere', (inner) => {
    const line = `<isofieldpackager id="48" length="99" class="IFA_LLLCHAR" packager="org.jpos.iso.packager.${inner}"/>`;
    const error = refusal(() => importJpos(packager.replace('</isopackager>', `${line}</isopackager>`)));
    expect(error).toMatchObject({ code: 'ISO_IMPORT', expected: 'a supported inner packager', found: inner });
  });

  test.each([
    ['behind a class name', 'length="48" class="org.jpos.iso.IFB_BINARY "'],
    ['a tab in front of it', 'length="48" class="\torg.jpos.iso.IFB_BINARY"'],
    ['a line end behind it', 'length="48" class="org.jpos.iso.IFB_BINARY\n   "'],
    ['around a length', 'length=" 48 " class=" IFB_BINARY "'],
  ])('blanks %s mean nothing', (_, attributes) => {
    const xml = packager.replace(
      '</isopackager>',
      `<isofield id=" 53 " name="Keys" ${attributes}/></isopackager>`,
    );
    expect(importJpos(xml).fields[53]).toEqual({
      name: 'Keys',
      content: 'b',
      encoding: 'binary',
      length: { fixed: 48 },
    });
  });

  test('blanks in the classes of an inner packager, and TRUE in capitals', () => {
    const xml = packager
      .replace(
        'packager.GenericSubFieldPackager" emitBitmap="true"',
        'packager.GenericSubFieldPackager " emitBitmap="TRUE "',
      )
      .replace(
        'class="org.jpos.iso.IFB_BITMAP"/>\n    <isofield id="1"',
        'class="org.jpos.iso.IFB_BITMAP "/>\n    <isofield id="1"',
      )
      .replace('length="37" name="Track 2" pad="true"', 'length="37" name="Track 2" pad="True "')
      .replaceAll(/class="([^"]+)"/g, 'class="$1 "');
    expect(importJpos(xml)).toEqual(importJpos(packager));
  });

  test('a packager without type or bitmap is refused', () => {
    expect(refusal(() => importJpos('<isopackager/>')).expected).toBe('a field 0');
    expect(refusal(() => importJpos('')).code).toBe('ISO_IMPORT');
  });
});

const specification = {
  name: 'Mine',
  fields: {
    0: { type: 'String', length: 4, description: 'Type', enc: 'ASCII', prefix: 'ASCII.Fixed' },
    1: { type: 'Bitmap', length: 8, description: 'Bitmap', enc: 'HexToASCII', prefix: 'Hex.Fixed' },
    2: { type: 'String', length: 19, description: 'PAN', enc: 'ASCII', prefix: 'ASCII.LL' },
    4: {
      type: 'Numeric',
      length: 12,
      description: 'Amount',
      enc: 'ASCII',
      prefix: 'ASCII.Fixed',
      padding: { type: 'Left', pad: '0' },
    },
    48: {
      type: 'Composite',
      length: 99,
      description: 'Tagged',
      prefix: 'ASCII.LL',
      tag: { length: 2, enc: 'ASCII', sort: 'StringsByInt', padding: { type: 'Left', pad: '0' } },
      subfields: {
        1: { type: 'String', length: 9, description: 'One', enc: 'ASCII', prefix: 'ASCII.LL' },
        12: { type: 'Numeric', length: 3, description: 'Twelve', enc: 'BCD', prefix: 'BCD.LL' },
      },
    },
    55: {
      type: 'Composite',
      length: 255,
      description: 'Chip',
      prefix: 'Binary.L',
      tag: { enc: 'BerTLVTag', sort: 'StringsByHex' },
      subfields: { '9F02': { type: 'Binary', description: 'Amount', enc: 'Binary', prefix: 'BerTLV' } },
    },
    63: {
      type: 'Composite',
      length: 99,
      description: 'By bits',
      prefix: 'EBCDIC1047.LL',
      bitmap: { type: 'Bitmap', length: 1, enc: 'Binary', prefix: 'Binary.Fixed' },
      subfields: {
        2: { type: 'String', length: 2, description: 'Two', enc: 'EBCDIC1047', prefix: 'EBCDIC1047.Fixed' },
      },
    },
  },
};

describe('a moov specification', () => {
  const dialect = importMoov(JSON.stringify(specification, null, 2));

  test('reads and writes what it describes', () => {
    const text = (value: string) => Buffer.from(value).toString('hex');
    const hex = `${text('02005000000000010202')} ${text('16')} ${text('4242424242424242')} ${text('000000002500')}
      ${text('12')} ${text('0103abc')} ${text('12')} 03 0978 0C 9F0206000000002500 5F3400 F0F3 40 C1C2`;
    expect(plain(dialect, hex).fields).toEqual({
      2: '4242424242424242',
      4: '2500',
      48: { sf1: 'abc', sf12: '978' },
      55: { tag9F02: '000000002500', tag5F34: '' },
      63: { sf2: 'AB' },
    });
  });

  const raw = (prefix: string, length?: number) => ({ type: 'String', length, enc: 'Binary', prefix });
  const mapped = (fields: object, number: number) => ({
    wire: `30323030 ${Buffer.from((1n << BigInt(64 - number)).toString(16).padStart(16, '0')).toString('hex')}`,
    dialect: importMoov(JSON.stringify({ fields: { ...specification.fields, ...fields } })),
  });

  test.each([
    ['9A', '9A', '200707'],
    ['9F26', '9F26', 'FF00112233445566'],
    ['printable bytes in 8A', '8A', '3030'],
    ['an empty 5F34', '5F34', ''],
  ])('a string of raw bytes in chip data: %s', (_, tag, value) => {
    const chip = { ...specification.fields[55], subfields: { [tag]: raw('BerTLV') } };
    const { wire, dialect } = mapped({ 55: chip }, 55);
    const object = `${tag}${(value.length / 2).toString(16).padStart(2, '0')}${value}`;
    const length = (object.length / 2).toString(16).padStart(2, '0');
    expect(plain(dialect, `${wire} ${length} ${object}`).fields).toEqual({ 55: { [`tag${tag}`]: value } });
  });

  test.each([
    ['a PIN block', 52, { 52: raw('Binary.Fixed', 8) }, '11223344556677FF', '11223344556677FF'],
    ['a MAC', 64, { 64: raw('ASCII.Fixed', 8) }, '00112233445566FF', '00112233445566FF'],
    ['text of variable length', 62, { 62: raw('Binary.L', 99) }, '03 616263', 'abc'],
  ])('a string of raw bytes: %s', (_, number, fields, bytes, value) => {
    const { wire, dialect } = mapped(fields, number);
    expect(plain(dialect, `${wire} ${bytes}`).fields).toEqual({ [number]: value });
  });

  test.each([
    [
      'an unknown encoding',
      { 3: { type: 'String', length: 6, enc: 'MORSE', prefix: 'ASCII.Fixed' } },
      'fields.3.enc',
      'MORSE',
    ],
    [
      'an unknown prefix',
      { 3: { type: 'String', length: 6, enc: 'ASCII', prefix: 'ASCII.XX' } },
      'fields.3.prefix',
      'ASCII.XX',
    ],
    [
      'an unknown type',
      { 3: { type: 'Date', length: 6, enc: 'ASCII', prefix: 'ASCII.Fixed' } },
      'fields.3.type',
      'Date',
    ],
  ])('%s is named with its line', (_, fields, path, found) => {
    const json = JSON.stringify({ fields: { ...specification.fields, ...fields } }, null, 2);
    const error = refusal(() => importMoov(json));
    expect(error).toMatchObject({ code: 'ISO_IMPORT', found });
    expect(error.path).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}, line \\d+$`));
    const line = Number(/\d+$/.exec(error.path)?.[0]);
    expect(json.split('\n')[line - 1]).toContain(`"${path.split('.').at(-1)}"`);
  });

  test.each(['', '[]', '{}', '{"fields":{}}', '{"fields":{"x":{}}}'])('%j is refused', (json) => {
    expect(refusal(() => importMoov(json)).code).toBe('ISO_IMPORT');
  });
});

test('imported fields that hold card data are masked like our own', () => {
  const codec = compile(importJpos(packager)) as unknown as Codec<Message>;
  const bytes = hexOf('0200 4000000020000000 16 4242424242424242 13 04242424242424242D30');
  const shown = JSON.stringify(codec.parse(bytes));
  expect(shown).toContain('424242******4242');
  expect(shown).not.toContain('4242424242424242');
});

test('imported PIN blocks and chip data are masked in text too', () => {
  const xml = `<isopackager><isofield id="0" length="4" class="IFA_NUMERIC"/><isofield id="1" length="8" class="IFB_BITMAP"/>
    <isofield id="52" length="16" class="IF_CHAR"/><isofield id="55" length="99" class="IFA_LLCHAR"/></isopackager>`;
  const codec = compile(importJpos(xml)) as unknown as Codec<Message>;
  const chip = '5A084242424242424242';
  const wire = Buffer.concat([
    Buffer.from('0200'),
    hexOf('0000000000001200'),
    Buffer.from(`A1B2C3D4E5F6071820${chip}`),
  ]);
  const message = codec.parse(wire);
  expect(codec.pack(message)).toEqual(wire);
  const shown = `${JSON.stringify(message)} ${inspect(message)}`;
  expect(shown).not.toContain(chip);
  expect(shown).not.toContain('A1B2C3D4');
});
