import { describe, expect, test } from 'vitest';
import { allowanceOf, isKnown } from '../allowed.ts';
import { whole } from '../places/place.ts';
import type { Canary } from '../secrets/canary.ts';
import { formsOf, LEAST_BYTES } from '../secrets/forms.ts';
import { search } from './findings.ts';
import { Needles } from './needles.ts';

const PAN: Canary = { kind: 'pan', of: 'a purchase', value: { digits: '4242427391550028' } };
const KEY: Canary = { kind: 'key', of: 'TPK', value: { bytes: Buffer.from('0f1e2d3c4b5a6978', 'hex') } };
const TRACK: Canary = { kind: 'track-1', of: 'a purchase', value: { text: 'QUXAWYAB^3012201555' } };
const needles = new Needles([PAN, KEY, TRACK]);

function foundIn(bytes: Buffer): string[] {
  const found: string[] = [];
  needles.search(bytes, bytes.length, ({ canary, encoding }, at) =>
    found.push(`${canary.kind} ${encoding} ${at}`),
  );
  return found;
}

const digits = '4242427391550028';
const ebcdic = Buffer.from([...digits].map((digit) => 0xf0 + Number(digit)));

/** Each written by other means than those under test. */
const WAYS: [string, Buffer][] = [
  ['ascii', Buffer.from(`"pan":"${digits}"`)],
  ['bcd', Buffer.from(`16${digits}0c`, 'hex')],
  ['bcd', Buffer.from(`1${digits}0`, 'hex')],
  ['ebcdic', Buffer.concat([Buffer.from([0xf1, 0xf6]), ebcdic])],
  ['utf-16le', Buffer.from(`é${digits}`, 'utf16le')],
  ['utf-16be', Buffer.from(`é${digits}`, 'utf16le').swap16()],
  ['hex', Buffer.from(Buffer.from(`x${digits}y`).toString('hex'))],
  ['hex of ebcdic', Buffer.from(ebcdic.toString('hex'))],
  ['hex, upper case of ebcdic', Buffer.from(ebcdic.toString('hex').toUpperCase())],
  ['base64', Buffer.from(btoa(`{"pan":"${digits}"}`))],
  ['base64', Buffer.from(btoa(`-${digits}`))],
  ['base64', Buffer.from(btoa(`--${digits}`))],
  ['base64 of bcd', Buffer.from(Buffer.from(`01${digits}`, 'hex').toString('base64'))],
  ['list of numbers', Buffer.from(JSON.stringify(Buffer.from(digits)))],
];

describe('a value is found', () => {
  test.each(WAYS)('as %s', (encoding, bytes) => {
    const found = foundIn(Buffer.concat([Buffer.alloc(77, 'z'), bytes, Buffer.alloc(9)]));
    expect(found.map((each) => each.replace(/^pan (.*) \d+$/, '$1'))).toContain(encoding);
  });

  test('as bytes, in hex of both cases and in base64, where it has no text', () => {
    const key = Buffer.from('0f1e2d3c4b5a6978', 'hex');
    const forms = [key, key.toString('hex'), key.toString('hex').toUpperCase(), key.toString('base64')];
    const found = forms.map((form) => foundIn(Buffer.from(form)).length);
    expect(found.every((count) => count > 0)).toBe(true);
  });

  test('at every offset, and once', () => {
    for (let before = 0; before < 40; before += 1) {
      const bytes = Buffer.concat([Buffer.alloc(before, '42'), Buffer.from('x'), Buffer.from(digits)]);
      expect(foundIn(bytes)).toEqual([`pan ascii ${before + 1}`]);
    }
  });

  test('in none of what is only like it', () => {
    expect(
      foundIn(Buffer.from('424242******0028 4242427391550029 0f1e2d3c4b5a6979 QUXAWYAB^3012201556')),
    ).toEqual([]);
    expect(foundIn(Buffer.alloc(10_000))).toEqual([]);
    expect(foundIn(Buffer.from(digits.slice(1)))).toEqual([]);
  });

  test('no form is so short that chance would find it', () => {
    for (const canary of [PAN, KEY, TRACK]) {
      expect(formsOf(canary).filter(({ bytes }) => bytes.length < LEAST_BYTES)).toEqual([]);
    }
  });
});

test('a finding says where and of what, never the value, and what overlaps is told once', async () => {
  const bytes = Buffer.from(`........${digits}........${digits}`);
  const first = { ...whole('a file', bytes.subarray(0, 30)), before: 10 };
  const second = { source: 'a file', from: 10, bytes: bytes.subarray(10), before: 100 };
  const place = { name: 'files' as const, pieces: () => [first, second] };
  const { findings } = await search([place], needles, () => {});
  expect(findings).toEqual([
    {
      place: 'files',
      source: 'a file',
      kind: 'pan',
      encoding: 'ascii',
      of: 'a purchase',
      offset: 8,
      times: 2,
    },
  ]);
  expect(JSON.stringify(findings)).not.toContain(digits);
});

test('nothing is allowed but what the list has, each in its place', () => {
  const of = (place: 'memory' | 'logs' | 'files', source: string, kind: Canary['kind']) =>
    allowanceOf({ place, source, kind }) !== undefined;
  expect(of('memory', 'hsm (12)', 'user-pin')).toBe(true);
  expect(of('memory', 'switch (12)', 'user-pin')).toBe(false);
  expect(of('memory', 'hsm (12)', 'pin')).toBe(false);
  expect(of('memory', 'hsm (12)', 'key')).toBe(false);
  expect(of('logs', 'logs/switch.log', 'pan')).toBe(false);
  expect(of('files', 'secrets/hsm-user-pin', 'user-pin')).toBe(true);
  expect(of('files', 'switch.settings.json', 'user-pin')).toBe(false);
});

test('what is known is tracks and verification values in memory, and never a PIN, a key or a file', () => {
  const of = (place: 'memory' | 'logs', source: string, kind: Canary['kind']) =>
    isKnown({ place, source, kind });
  expect(of('memory', 'switch (12)', 'track-2')).toBe(true);
  expect(of('memory', 'switch (12)', 'pin')).toBe(false);
  expect(of('memory', 'hsm (12)', 'key')).toBe(false);
  expect(of('memory', 'postgres (12)', 'cvv')).toBe(false);
  expect(of('logs', 'logs/switch.log', 'track-2')).toBe(false);
});
