import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { Bytes, compile, iso87AsciiHex, Pan, PinBlock, responseMti } from './index.ts';

/** npm iso_8583 shares none of our code: what it builds we read, what we answer it reads. */
interface ForeignMessage {
  getRawMessage(): Buffer | { error: string };
  getIsoJSON(message: Buffer, config: object): Record<string, string>;
}
const require = createRequire(import.meta.url);
const Foreign = require('iso_8583') as new (fields: object, formats: object) => ForeignMessage;

/** Text throughout: the package's bitmap format for text, and its own text format for binary fields. */
const hexText = (name: string, length: number) => ({
  ContentType: 'an',
  Label: name,
  LenType: 'fixed',
  MaxLen: length,
});
const formats = {
  1: hexText('Bitmap', 32),
  52: hexText('PIN data', 16),
  64: hexText('MAC', 16),
  128: hexText('MAC', 16),
};
const asText = { lenHeader: false, bitmapEncoding: 'utf8' };

const request = {
  0: '0100',
  2: '4242424242424242',
  3: '000000',
  4: '000000002500',
  7: '1123180501',
  11: '000042',
  22: '051',
  41: 'TERM0001',
  42: 'MERCHANT0000001',
  49: '978',
  52: '1122334455667788',
  55: '9F260811223344556677889F36020015',
  64: '8899AABBCCDDEEFF',
};

describe('iso87-ascii-hex and npm iso_8583', () => {
  const codec = compile(iso87AsciiHex);

  test('a 0100 the package builds is read', () => {
    const raw = new Foreign({ ...request }, formats).getRawMessage();
    if (!Buffer.isBuffer(raw)) throw new Error(raw.error);
    const message = codec.parse(raw);
    expect(message.de2?.reveal()).toBe(request[2]);
    expect(message.de52?.reveal().toString('hex')).toBe(request[52]);
    expect(message.de55?.hex()).toBe(request[55]);
    expect(message.de64?.hex()).toBe(request[64]);
    expect(codec.pack(message)).toEqual(raw);
  });

  test('a 0110 of ours is read by the package', () => {
    const reply = codec.pack({
      mti: responseMti('0100'),
      de2: Pan.of(request[2]),
      de11: request[11],
      de39: '00',
      de41: request[41],
      de52: PinBlock.of(Buffer.from(request[52], 'hex')),
      de55: Bytes.fromHex('91081122334455667788'),
    });
    expect(new Foreign({}, formats).getIsoJSON(reply, asText)).toEqual({
      0: '0110',
      2: request[2],
      11: request[11],
      39: '00',
      41: request[41],
      52: request[52],
      55: '91081122334455667788',
    });
  });
});
