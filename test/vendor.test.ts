/**
 * A vendor's terminal that follows "a terminal of your own" word for word: the keys that its command prints, the
 * packager files it ships, and jPOS's channels and stock packager as they are found. Nothing here is of our codec.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse } from './support/house.ts';
import { type Fields, VendorPackager } from './support/vendor-packager.ts';
import { waitUntil } from './support/wait-until.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/terminal-of-your-own.md'), 'utf8');
const COMMAND = 'npx etika-switch keys development --terminal TERM0001';

/** What the page's command prints. */
function keysOfThePage(): { readonly pin: Buffer; readonly mac: Buffer } {
  expect(page).toContain(COMMAND);
  const cli = join(root, 'deploy/cli/etika-switch.js');
  const printed = execFileSync(process.execPath, [cli, ...COMMAND.split(' ').slice(2)], { encoding: 'utf8' });
  const key = (name: string) =>
    Buffer.from(new RegExp(`${name}\\s+([0-9A-F]{32})`).exec(printed)?.[1] ?? '', 'hex');
  return { pin: key('PIN key'), mac: key('MAC key') };
}

const keys = keysOfThePage();

/** Triple DES of two keys, of one block; single DES where both are the same. */
function des(key: Buffer, block: Buffer): Buffer {
  const cipher = createCipheriv('des-ede3', Buffer.concat([key, key.subarray(0, 8)]), null).setAutoPadding(
    false,
  );
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

const xor = (a: Buffer, b: Buffer) => Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));

/** ISO 9797-1 algorithm 3, padding method 1. */
function macOf(message: Buffer): string {
  const padded = Buffer.concat([message, Buffer.alloc((8 - (message.length % 8)) % 8)]);
  const first = Buffer.concat([keys.mac.subarray(0, 8), keys.mac.subarray(0, 8)]);
  let chained: Buffer = Buffer.alloc(8);
  for (let at = 0; at < padded.length; at += 8) {
    const block = xor(chained, padded.subarray(at, at + 8));
    chained = des(at + 8 === padded.length ? keys.mac : first, block);
  }
  return chained.toString('hex');
}

/** ISO 9564 format 0 of PIN 1234. */
function pinBlock(pan: string): string {
  const clear = Buffer.from('041234ffffffffff', 'hex');
  return des(keys.pin, xor(clear, Buffer.from(`0000${pan.slice(-13, -1)}`, 'hex'))).toString('hex');
}

let stan = 0;

function sale(mti: string, change: Record<number, string> = {}): Record<number, string> {
  stan += 1;
  const now = new Date().toISOString().replace(/[-:T]/g, '');
  const [date, time] = [now.slice(4, 8), now.slice(8, 14)];
  const card = { 2: '4242424242424242', 3: '000000', 4: '000000002500', 14: '3012', 22: '051', 25: '00' };
  const numbers = { 7: `${date}${time}`, 11: String(stan).padStart(6, '0'), 12: time, 13: date };
  return { 0: mti, ...card, ...numbers, 41: 'TERM0001', 42: 'MERCHANT0000001', 49: '978', ...change };
}

function sealed(packager: VendorPackager, fields: Fields, at: 64 | 128): Buffer {
  const packed = packager.pack({ ...fields, [at]: '0'.repeat(16) });
  return packager.pack({ ...fields, [at]: macOf(packed.subarray(0, -8)) });
}

/** How a channel frames a message, and where in what comes back the message begins. */
interface Channel {
  readonly port: () => number;
  readonly frame: (message: Buffer) => Buffer;
  readonly lengthOf: (head: Buffer) => number;
  readonly headBytes: number;
  readonly skips: number;
}

function twoBytes(port: () => number, header: string): Channel {
  const tpdu = Buffer.from(header, 'hex');
  return {
    port,
    headBytes: 2,
    skips: tpdu.length,
    frame: (message) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(tpdu.length + message.length);
      return Buffer.concat([length, tpdu, message]);
    },
    lengthOf: (head) => head.readUInt16BE(0),
  };
}

const asciiChannel: Channel = {
  port: () => house.ports().acquirer,
  headBytes: 4,
  skips: 0,
  frame: (message) => Buffer.concat([Buffer.from(String(message.length).padStart(4, '0')), message]),
  lengthOf: (head) => Number(head.toString('latin1')),
};
const postChannel = twoBytes(() => house.ports().iso87, '');
const nacChannel = twoBytes(() => house.ports().pos, '6000010000');

function exchange(channel: Channel, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: channel.port() });
    let received: Buffer = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection closed without an answer')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < channel.headBytes) return;
      const end = channel.headBytes + channel.lengthOf(received.subarray(0, channel.headBytes));
      if (received.length < end) return;
      resolve(received.subarray(channel.headBytes + channel.skips, end));
      socket.destroy();
    });
    socket.write(channel.frame(message));
  });
}

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house?.close());

describe('ASCIIChannel with the stock ISO87APackager, on the line of an acquirer', () => {
  const packager = VendorPackager.iso87A();

  it.each([
    ['0100', '0110'],
    ['0200', '0210'],
  ])('buys by %s', async (mti, answer) => {
    const reply = packager.unpack(await exchange(asciiChannel, packager.pack(sale(mti))));
    expect(reply).toMatchObject({ 0: answer, 39: '00' });
    expect(reply[38]).toMatch(/\S{6}/);
  });

  it('is echoed', async () => {
    const { 7: sent = '', 11: number = '' } = sale('0800');
    const echo = await exchange(asciiChannel, packager.pack({ 0: '0800', 7: sent, 11: number, 70: '301' }));
    expect(packager.unpack(echo)).toMatchObject({ 0: '0810', 11: number, 39: '00', 70: '301' });
  });
});

describe.each([
  ['PostChannel', 'etika-post.xml', postChannel],
  ['NACChannel', 'etika-nac.xml', nacChannel],
])('%s with %s, on a line of terminals', (_, file, channel) => {
  const packager = VendorPackager.ofFile(join(root, 'docs/jpos', file));

  async function answered(fields: Fields, at: 64 | 128): Promise<Record<number, string>> {
    const bytes = await exchange(channel, sealed(packager, fields, at));
    const reply = packager.unpack(bytes);
    expect(reply[128] ?? reply[64]).toBe(macOf(bytes.subarray(0, -8)));
    return reply;
  }

  it.each([
    ['0100', '0110'],
    ['0200', '0210'],
  ])('buys with a PIN by %s', async (mti, answer) => {
    const reply = await answered(sale(mti, { 52: pinBlock('4242424242424242') }), 64);
    expect(reply).toMatchObject({ 0: answer, 39: '00' });
  });

  it('takes a sale back, its MAC in DE128', async () => {
    const sold = sale('0200');
    const { 38: approval = '', 37: rrn = '' } = await answered(sold, 64);
    const original = `0200${sold[11]}${sold[7]}${'0'.repeat(22)}`;
    const reversal = { ...sold, 0: '0420', 37: rrn, 38: approval, 90: original };
    expect(await answered(reversal, 128)).toMatchObject({ 0: '0430', 39: '00' });
    await waitUntil(async () => {
      const { rows } = await house.visa.ledger({ stan: sold[11] ?? '' });
      return rows.map(({ kind }) => kind).join() === 'authorised,reversed';
    });
  });

  it('hears 63 where its MAC is wrong', async () => {
    const message = sealed(packager, sale('0100'), 64);
    message.writeUInt8(message.readUInt8(message.length - 1) ^ 1, message.length - 1);
    expect(packager.unpack(await exchange(channel, message))).toMatchObject({ 0: '0110', 39: '63' });
  });
});

describe('a terminal with a name of its own', () => {
  const packager = VendorPackager.ofFile(join(root, 'docs/jpos/etika-post.xml'));
  const ownName = async () =>
    packager.unpack(await exchange(postChannel, sealed(packager, sale('0200', { 41: 'SHOP0001' }), 64)));

  /** The commands of the page's last part, as they are pasted beside `npm start`. */
  async function paste(line: string): Promise<string> {
    const cli = `"${process.execPath}" "${join(root, 'deploy/cli/etika-switch.js')}"`;
    const pasted = promisify(execFile)('sh', ['-c', line.replace('npx etika-switch', cli)], {
      cwd: house.dataDir,
      env: { PATH: process.env['PATH'] },
    });
    return (
      await pasted.catch((error) => Promise.reject(new Error(`${line}\n${error.stdout}${error.stderr}`)))
    ).stdout;
  }

  it('is served once the commands of the page were pasted, and found under its name', async () => {
    expect(await ownName()).toMatchObject({ 39: '58' });
    mkdirSync(join(house.dataDir, '.data'));
    copyFileSync(join(house.dataDir, 'node-1.json'), join(house.dataDir, '.data/switch.settings.json'));
    const part = page.slice(page.indexOf('## A terminal with a name of your own'));
    const [make = '', look = ''] = [...part.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block ?? '');
    const said: string[] = [];
    for (const line of make.trim().split('\n')) said.push(await paste(line));
    expect(said.join('')).toContain('SHOP0001');

    await waitUntil(async () => (await ownName())[39] === '00');
    expect(await paste(look.trim())).toContain('SHOP0001 of MERCHANT0000001');
  }, 120_000);
});
