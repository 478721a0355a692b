import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../runtime/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { developmentTerminalKeys } from './keys.ts';
import { cardMessage, frameOf, networkMessage, type Sender } from './messages.ts';
import { profiles, type TerminalDialect, terminalDialects } from './profiles.ts';
import { parseSample } from './sample.ts';

const folder = join(import.meta.dirname, 'samples');
const noon: Clock = { ...systemClock, wall: () => Date.UTC(2026, 10, 23, 12, 0, 0) };
const keys = developmentTerminalKeys('TERM0001');

function senderOf(dialect: TerminalDialect): Sender {
  const profile = profiles[dialect];
  const names = { terminal: 'TERM0001', merchant: 'MERCHANT0000001' };
  return profile.secured ? { ...names, profile, keys } : { ...names, profile };
}

function purchaseFrame(dialect: TerminalDialect, stan: string, pin?: string): Buffer {
  const order = { amount: 2_500, currency: '978', card: '4242424242424242', expiry: '3012' };
  const sender = senderOf(dialect);
  const placed = pin === undefined ? order : { ...order, pin };
  return frameOf(cardMessage('purchase', placed, sender, { stan, clock: noon }), sender);
}

/** The frame with the bytes from `at` on replaced. */
function damaged(frame: Buffer, at: number, bytes: string): Buffer {
  const copy = Buffer.from(frame);
  copy.write(bytes, at < 0 ? frame.length + at : at, 'hex');
  return copy;
}

interface Described {
  dialect: TerminalDialect;
  about: string;
  bytes: Buffer;
  bad?: true;
}

const samples: Record<string, Described> = {};
for (const [index, dialect] of terminalDialects.entries()) {
  const sender = senderOf(dialect);
  const stan = (number: number) => String(900_000 + index * 100 + number);
  const purchase = purchaseFrame(dialect, stan(1));
  samples[`${dialect}-purchase`] = {
    dialect,
    about: `Purchase of 25.00 EUR${sender.keys ? ', MAC under the development TAK of TERM0001' : ''}.`,
    bytes: purchase,
  };
  if (sender.keys) {
    samples[`${dialect}-purchase-pin`] = {
      dialect,
      about: 'Purchase with PIN 1234 under the development TPK, MAC under the development TAK of TERM0001.',
      bytes: purchaseFrame(dialect, stan(2), '1234'),
    };
    samples[`${dialect}-wrong-mac`] = {
      dialect,
      about: 'The purchase with the last two bytes of its MAC changed: it must be refused.',
      bytes: damaged(purchaseFrame(dialect, stan(3)), -2, '0000'),
      bad: true,
    };
  }
  samples[`${dialect}-echo`] = {
    dialect,
    about: 'Echo test, 0800 with DE70 301.',
    bytes: frameOf(networkMessage('301', sender, { stan: stan(4), clock: noon }), sender),
  };
  samples[`${dialect}-truncated`] = {
    dialect,
    about: 'A purchase that ends too early, in a frame of that shorter length.',
    bytes: profiles[dialect].framing.encode(
      bodyOf(dialect, purchase).subarray(0, 38),
      sender.profile.frameHeader,
    ),
    bad: true,
  };
}
samples['iso87-ascii-wrong-bitmap'] = {
  dialect: 'iso87-ascii',
  about: 'The bitmap names every field, the message holds a few.',
  bytes: damaged(samples['iso87-ascii-purchase']?.bytes ?? Buffer.alloc(0), 6, '7fffffffffffffff'),
  bad: true,
};
samples['iso87-ascii-oversized'] = {
  dialect: 'iso87-ascii',
  about: 'A frame that announces 65535 bytes: the connection must be closed before they are waited for.',
  bytes: damaged(samples['iso87-ascii-echo']?.bytes ?? Buffer.alloc(0), 0, 'ffff'),
  bad: true,
};
samples['pos-bcd-wrong-digit'] = {
  dialect: 'pos-bcd',
  about: 'A nibble A where DE3 must hold decimal digits.',
  bytes: damaged(samples['pos-bcd-purchase']?.bytes ?? Buffer.alloc(0), 26, 'aa'),
  bad: true,
};
samples['iso87-ascii-hex-wrong-length'] = {
  dialect: 'iso87-ascii-hex',
  about: 'The frame length is not four digits.',
  bytes: Buffer.from('zzzz0800', 'latin1'),
  bad: true,
};

function bodyOf(dialect: TerminalDialect, frame: Buffer): Buffer {
  const bodies: Buffer[] = [];
  const reader = profiles[dialect].framing.reader({ maxFrameBytes: 8_192 });
  reader.push(frame, (body) => bodies.push(Buffer.from(body)));
  const [body] = bodies;
  if (!body) throw new Error('no whole frame');
  return body;
}

const hexLines = (bytes: Buffer) => bytes.toString('hex').toUpperCase().replace(/.{64}/g, '$&\n').trimEnd();

describe.each(Object.entries(samples))('%s', (name, { about, bad, bytes, dialect }) => {
  const file = join(folder, `${name}.hex`);

  test('is the file that the code makes (renew with vitest -u)', async () => {
    const text = `# ${about}\n# dialect: ${dialect}\n${hexLines(bytes)}\n`;
    expect(parseSample(file, text)).toEqual({ dialect, bytes });
    await expect(text).toMatchFileSnapshot(file);
  });

  test(bad ? 'is refused by codec or MAC' : 'is understood, and its MAC is right', () => {
    const profile = profiles[dialect];
    const accept = () => {
      const body = bodyOf(dialect, bytes);
      const message = profile.codec.parse(body);
      if (message.de64 && !keys.isSealed(profile, body)) throw new Error('wrong MAC');
      return message;
    };
    if (bad) expect(accept).toThrow();
    else expect(accept().de41).toBe('TERM0001');
  });
});

test('every sample has its line in the README', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const name of Object.keys(samples)) expect(readme).toContain(`\`${name}.hex\``);
});
