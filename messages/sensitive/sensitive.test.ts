import { inspect } from 'node:util';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import {
  AccountNumber,
  Bytes,
  CardVerificationValue,
  compile,
  iso87Ascii,
  type Message,
  Pan,
  PinBlock,
  Secret,
  Track1,
  Track2,
  Track3,
} from '../index.ts';

const pan = '4242424242424242';
const track2 = `${pan}=30122011234500000`;
const pinBlock = Buffer.from('DEADBEEF00C0FFEE', 'hex');

const secrets = {
  pan: Pan.of(pan),
  track1: Track1.of(`B${pan}^CARDHOLDER/NAME^30122011234500000`),
  track2: Track2.of(track2),
  track3: Track3.of(`01${pan}=97800000000000000000`),
  pinBlock: PinBlock.of(pinBlock),
  cvv: CardVerificationValue.of('987'),
  account: AccountNumber.of('FR7630006000011234567890189'),
  secret: Secret.of('A1B2C3D4E5F60718'),
  chip: Bytes.fromHex(`5A08${pan}`),
};

const canaries = [
  pan,
  '30122011234500000',
  'DEADBEEF',
  'deadbeef',
  '987',
  '30006000011234567890',
  'CARDHOLDER',
  '222,173',
  'A1B2C3D4',
];

function logged(value: unknown): string {
  const lines: string[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) });
  log.info(value as object, 'message');
  log.info({ nested: { value } });
  return lines.join('');
}

const ways: [string, (value: unknown) => string][] = [
  ['console.log', (value) => inspect(value, { depth: 9, showHidden: true })],
  ['JSON.stringify', (value) => JSON.stringify({ value })],
  ['a template string', (value) => `${value}`],
  ['joining', (value) => [value].join()],
  ['pino', logged],
  ['a thrown error', (value) => inspect(new Error(`failed on ${value}`, { cause: value }))],
  ['Object.values', (value) => String(Object.values(value as object))],
];

describe('a secret is never printed by accident', () => {
  for (const [name, value] of Object.entries(secrets)) {
    test.each(ways)(`${name} by %s`, (_, print) => {
      const text = print(value).replace('424242******4242', '');
      for (const canary of canaries) expect(text).not.toContain(canary);
    });
  }

  test.each(ways)('a whole message by %s', (_, print) => {
    const codec = compile(iso87Ascii);
    const message: Message<typeof iso87Ascii> = {
      mti: '0100',
      de2: secrets.pan,
      de35: secrets.track2,
      de36: secrets.track3,
      de45: secrets.track1,
      de52: secrets.pinBlock,
      de55: secrets.chip,
      de102: secrets.account,
    };
    for (const value of [message, codec.parse(codec.pack(message))]) {
      const text = print(value);
      for (const canary of canaries) expect(text).not.toContain(canary);
    }
  });
});

describe('reading a secret is a named call', () => {
  test('Pan', () => {
    expect(secrets.pan.reveal()).toBe(pan);
    expect(secrets.pan.masked()).toBe('424242******4242');
    expect(secrets.pan.iin(8)).toBe('42424242');
    expect(secrets.pan.lastFour()).toBe('4242');
    expect(secrets.pan.equals(Pan.of(pan))).toBe(true);
    expect(Pan.of('5555555555554444', { luhn: true }).length).toBe(16);
  });

  test.each(['', '42424242424', '42424242424242424242', '424242424242424X'])('Pan refuses %j', (digits) => {
    expect(() => Pan.of(digits)).toThrow('ISO_VALUE');
  });

  test('Pan can insist on the check digit', () => {
    expect(() => Pan.of('4242424242424241', { luhn: true })).toThrow('check digit');
  });

  test('Track2', () => {
    expect(secrets.track2.reveal()).toBe(track2);
    expect(secrets.track2.pan().reveal()).toBe(pan);
    expect(secrets.track2.expiry()).toBe('3012');
    expect(secrets.track2.serviceCode()).toBe('201');
    expect(Track2.of(`${pan}D3012201`).expiry()).toBe('3012');
    expect(Track2.of(`${pan}==201`).expiry()).toBeUndefined();
    expect(Track2.of(`${pan}==201`).serviceCode()).toBe('201');
    expect(() => Track2.of(pan)).toThrow('ISO_VALUE');
    expect(() => Track2.of(`;${track2}?`)).toThrow('ISO_VALUE');
  });

  test('Track1', () => {
    expect(secrets.track1.pan().reveal()).toBe(pan);
    expect(secrets.track1.expiry()).toBe('3012');
    expect(secrets.track1.serviceCode()).toBe('201');
    expect(() => Track1.of('')).toThrow('ISO_VALUE');
  });

  test('PinBlock copies in and out', () => {
    const source = Buffer.from(pinBlock);
    const block = PinBlock.of(source);
    source.fill(0);
    const out = block.reveal();
    expect(out).toEqual(pinBlock);
    out.fill(0);
    expect(block.reveal()).toEqual(pinBlock);
    expect(() => PinBlock.of(Buffer.alloc(7))).toThrow('ISO_VALUE');
  });

  test('CardVerificationValue', () => {
    expect(secrets.cvv.reveal()).toBe('987');
    expect(() => CardVerificationValue.of('12')).toThrow('ISO_VALUE');
  });
});
