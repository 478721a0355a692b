import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse } from './support/house.ts';

/** npm iso_8583 shares none of our code: it builds the request, and it reads the reply. */
interface ForeignMessage {
  getRawMessage(): Buffer | { error: string };
  getIsoJSON(message: Buffer, config: object): Record<string, string>;
}
const Foreign = createRequire(import.meta.url)('iso_8583') as new (
  fields: object,
  formats: object,
) => ForeignMessage;
const FORMATS = { 1: { ContentType: 'an', Label: 'Bitmap', LenType: 'fixed', MaxLen: 32 } };

/** One frame of four ASCII length digits, sent and answered over a socket of its own. */
function exchange(port: number, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection closed without an answer')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = Number(received.toString('latin1', 0, 4));
      if (received.length < 4 + length) return;
      socket.destroy();
      resolve(received.subarray(4, 4 + length));
    });
    socket.write(String(body.length).padStart(4, '0'));
    socket.write(body);
  });
}

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house?.close());

describe('an acquirer that shares none of our code', () => {
  const request = {
    0: '0100',
    2: '4242424242424242',
    3: '000000',
    4: '000000002500',
    7: '1123180501',
    11: '000042',
    12: '190501',
    13: '1123',
    22: '051',
    25: '00',
    41: 'TERM0001',
    42: 'MERCHANT0000001',
    49: '978',
  };

  it.each([
    ['4242424242424242', '000042', '00'],
    ['4000000000000002', '000043', '05'],
    ['5555555555554444', '000045', '00'],
    ['6011111111111117', '000044', '92'],
  ])('asks for card %s with STAN %s and reads %s', async (card, stan, code) => {
    const built = new Foreign({ ...request, 2: card, 11: stan }, FORMATS).getRawMessage();
    if (!Buffer.isBuffer(built)) throw new Error(built.error);
    const reply = await exchange(house.ports().acquirer, built);
    const read = new Foreign({}, FORMATS).getIsoJSON(reply, { lenHeader: false, bitmapEncoding: 'utf8' });
    expect(read).toMatchObject({ 0: '0110', 4: request[4], 11: stan, 39: code, 41: request[41] });
    expect(read[38] !== undefined).toBe(code === '00');
  });

  it('is answered without a second bitmap where it sends none, and with one where it does', async () => {
    // As a packager of ISO 8583:1987 in text writes it that adds a second bitmap only where one is needed: DE2 to DE49.
    const fields = ['164242424242424242', '000000', '000000002500', '1123180501', '000046', '190501', '1123'];
    const rest = ['051', '00', '06123456', 'TERM0001', 'MERCHANT0000001', '978'];
    const text = ['0100', '7238048100C08000', ...fields, ...rest].join('');
    const short = (await exchange(house.ports().acquirer, Buffer.from(text))).toString('latin1');
    expect(short.slice(0, 4)).toBe('0110');
    expect(short[4]).toMatch(/[0-7]/);
    expect(short.slice(20, 38)).toBe('164242424242424242');

    const withSecond = `0100F238048100C08000${'0'.repeat(16)}${[...fields, ...rest].join('')}`;
    const long = (await exchange(house.ports().acquirer, Buffer.from(withSecond))).toString('latin1');
    expect(long[4]).toMatch(/[89A-F]/i);
    expect(long.slice(20, 36)).toBe('0'.repeat(16));
    expect(long.slice(36)).toBe(short.slice(20));
  });
});
