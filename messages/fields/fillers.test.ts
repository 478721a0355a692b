import { describe, expect, test } from 'vitest';
import {
  type Codec,
  compile,
  type Dialect,
  importJpos,
  iso87Bcd,
  type Message,
  posBcd,
  toPlain,
} from '../index.ts';

// Odd BCD numbers that peers fill up on another side, or with another nibble, than the dialect does.

const hexOf = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

function codecOf(dialect: Dialect, strictness: Parameters<typeof compile>[1] = {}): Codec<Message> {
  return compile(dialect, strictness) as unknown as Codec<Message>;
}

function read(codec: Codec<Message>, hex: string): Record<string, unknown> {
  const bytes = hexOf(hex);
  const message = codec.parse(bytes);
  expect(codec.pack(message).toString('hex')).toBe(bytes.toString('hex'));
  return toPlain(message, 'revealed').fields;
}

const refused = (codec: Codec<Message>, hex: string) => {
  try {
    codec.parse(hexOf(hex));
  } catch (error) {
    return String(error).slice(0, 60);
  }
  return 'read';
};

const NAC =
  '020030200580208000000000000000000015001079890071002100375111111211111111d11110000000000000000f5445535430303031';
const NAC_FIELDS = {
  3: '000000',
  4: '000000001500',
  11: '107989',
  22: '071',
  24: '021',
  25: '00',
  35: '5111111211111111=11110000000000000000',
  41: 'TEST0001',
};

describe('a terminal that fills up track 2 on the right', () => {
  const codec = codecOf(posBcd);

  test('a NAC sale: numbers filled up on the left, track 2 on the right', () =>
    expect(read(codec, NAC)).toEqual(NAC_FIELDS));

  test('the same before and after code is generated for its bitmap', () => {
    for (let i = 0; i < 100; i++) expect(read(codec, NAC)).toEqual(NAC_FIELDS);
  });

  test.each([
    ['F', '37 4242424242424242D30122010000000000000F', 35, '4242424242424242=30122010000000000000'],
    ['0', '37 4242424242424242D301220100000000000000', 35, '4242424242424242=30122010000000000000'],
    [
      '0 on the left',
      '37 04242424242424242D30122010000000000000',
      35,
      '4242424242424242=30122010000000000000',
    ],
  ])('track 2 with %s', (_, field, number, value) => {
    expect(read(codec, `0200 0000000020000000 ${field}`)).toEqual({ [number]: value });
  });

  test.each([
    ['F', '15 378282246310005F'],
    ['0', '15 3782822463100050'],
    ['0 on the left', '15 0378282246310005'],
  ])('a card number of 15 digits with %s', (_, field) =>
    expect(read(codec, `0200 4000000000000000 ${field}`)).toEqual({ 2: '378282246310005' }),
  );

  test('what is built is filled up on the left', () => {
    const message = codec.parse(hexOf(NAC));
    const packed = codec.pack({ ...message }).toString('hex');
    expect(packed).toContain('3705111111211111111d11110000000000000000');
  });

  test('a number of fixed length has one side only, and no end may be a digit', () => {
    expect(refused(codec, '0200 0000040000000000 071F')).toContain('ISO_CONTENT DE22');
    expect(refused(codec, '0200 0000000020000000 03 1234')).toContain('ISO_PAD DE35');
  });
});

describe('fillers that the dialect does not name', () => {
  const codec = codecOf(iso87Bcd, { padNibbles: 'accept' });

  test('a dialect that fills up on the right reads a NAC sale as it is meant', () => {
    expect(refused(codecOf(iso87Bcd), NAC)).toContain('ISO_PAD DE22');
    expect(read(codec, NAC)).toEqual(NAC_FIELDS);
  });

  test.each([
    ['071E', '071'],
    ['7100', '710'],
    ['F071', '071'],
    ['0712', '712'],
  ])('DE22 as %s is %s', (wire, value) =>
    expect(read(codec, `0200 0000040000000000 ${wire}`)).toEqual({ 22: value }),
  );

  test('what could be filled up at either end is refused', () =>
    expect(refused(codec, '0200 0000040000000000 0710')).toContain('ISO_PAD DE22'));
});

describe('a jPOS packager, which looks at no filler', () => {
  const xml = (pad: boolean, className: string) => `<isopackager>
    <isofield id="0" length="4" pad="true" class="org.jpos.iso.IFB_NUMERIC"/>
    <isofield id="1" length="16" class="org.jpos.iso.IFB_BITMAP"/>
    <isofield id="2" length="19" pad="${pad}" class="org.jpos.iso.${className}"/>
    <isofield id="22" length="3" pad="${pad}" class="org.jpos.iso.IFB_NUMERIC"/>
    <isofield id="35" length="37" pad="${pad}" class="org.jpos.iso.${className}"/>
  </isopackager>`;
  const track = '4242424242424242D30122010000000000000';

  test.each([
    ['F', false, `37 ${track}F`],
    ['0', false, `37 ${track}0`],
    ['A', false, `37 ${track}A`],
    ['F on the left', true, `37 F${track}`],
  ])('37 digits and %s', (_, pad, field) => {
    const codec = codecOf(importJpos(xml(pad, 'IFB_LLNUM')));
    for (let i = 0; i < 50; i++) {
      expect(read(codec, `0200 0000000020000000 ${field}`)).toEqual({ 35: track.replace('D', '=') });
    }
  });

  test('card numbers and fixed numbers too, each with the filler it came with', () => {
    const codec = codecOf(importJpos(xml(false, 'IFB_LLNUM')));
    const fields = { 2: '378282246310005', 22: '071', 35: '42=30' };
    expect(read(codec, '0200 4000040020000000 15 378282246310005F 071F 05 42D300')).toEqual(fields);
    expect(read(codec, '0200 4000040020000000 15 3782822463100050 071F 05 42D30F')).toEqual(fields);
  });

  test('a digit where the filler should be is a number on the wrong side', () => {
    const codec = codecOf(importJpos(xml(false, 'IFB_LLNUM')));
    expect(refused(codec, `0200 0000000020000000 37 04242424242424242D30122010000000000001`)).toContain(
      'ISO_PAD DE35',
    );
  });

  test('a packager for F reads 0 and writes F where nothing else came', () => {
    const codec = codecOf(importJpos(xml(false, 'IFB_FLLNUM')));
    const wire = `0200 0000000020000000 37 ${track}`;
    expect(read(codec, `${wire}0`)).toEqual({ 35: track.replace('D', '=') });
    const built = { ...codec.parse(hexOf(`${wire}0`)) };
    expect(codec.pack(built)).toEqual(hexOf(`${wire}F`));
  });
});
