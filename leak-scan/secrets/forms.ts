/**
 * The forms in which a value turns up: as it is on wires and in dumps (ASCII, EBCDIC, BCD, bytes), and as programs
 * write such bytes down (hex, base64, UTF-16, a list of numbers). A form may not depend on what stands beside the
 * value: base64 has three alignments and loses its edges, BCD has two. What is shorter than `LEAST_BYTES` is left out,
 * since chance would find it in every gigabyte.
 */
import type { Canary } from './canary.ts';

export interface Form {
  readonly encoding: string;
  readonly bytes: Buffer;
}

/** Shorter patterns are found by chance. */
export const LEAST_BYTES = 6;
const GROUP = 3;

/** All forms of a canary, each once. */
export function formsOf({ kind, value }: Canary): Form[] {
  if (kind === 'pin-block' && 'bytes' in value) return blockForms(value.bytes);
  const forms = plainForms(value).flatMap((form) => [form, ...writtenDown(form)]);
  const seen = new Set<string>();
  return forms.filter(({ bytes }) => {
    const key = bytes.toString('latin1');
    const isNew = bytes.length >= LEAST_BYTES && !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/**
 * An encrypted block is one of thousands, and no secret while its key is none's: as bytes, and as programs print them.
 */
function blockForms(bytes: Buffer): Form[] {
  const hex = bytes.toString('hex');
  return [
    { encoding: 'bytes', bytes },
    { encoding: 'hex', bytes: Buffer.from(hex) },
    { encoding: 'hex, upper case', bytes: Buffer.from(hex.toUpperCase()) },
    ...base64(bytes).map((form) => ({ encoding: 'base64', bytes: form })),
  ];
}

function plainForms(value: Canary['value']): Form[] {
  if ('bytes' in value) return [{ encoding: 'bytes', bytes: value.bytes }];
  const text = 'digits' in value ? value.digits : value.text;
  const ascii = { encoding: 'ascii', bytes: Buffer.from(text, 'latin1') };
  const ebcdic = { encoding: 'ebcdic', bytes: inEbcdic(text) };
  return 'digits' in value ? [ascii, ebcdic, ...packed(text)] : [ascii, ebcdic];
}

/** Two digits a byte, the first in the high or in the low half of one. Their hex is the digits themselves. */
function packed(digits: string): Form[] {
  return [0, 1].map((from) => {
    const whole = digits.slice(from, digits.length - ((digits.length - from) % 2));
    return { encoding: 'bcd', bytes: Buffer.from(whole, 'hex') };
  });
}

function writtenDown({ encoding, bytes }: Form): Form[] {
  const name = (how: string) =>
    encoding === 'bytes' || encoding === 'ascii' ? how : `${how} of ${encoding}`;
  const lower = bytes.toString('hex');
  const isHexOfDigits = encoding === 'bcd';
  const hex = [
    { encoding: name('hex'), bytes: Buffer.from(lower) },
    { encoding: name('hex, upper case'), bytes: Buffer.from(lower.toUpperCase()) },
    { encoding: name('hex, utf-16le'), bytes: Buffer.from(lower, 'utf16le') },
    { encoding: name('hex, upper case, utf-16le'), bytes: Buffer.from(lower.toUpperCase(), 'utf16le') },
  ];
  const utf16 = Buffer.from(bytes.toString('latin1'), 'utf16le');
  return [
    ...(isHexOfDigits ? [] : hex),
    { encoding: name('utf-16le'), bytes: utf16 },
    { encoding: name('utf-16be'), bytes: Buffer.from(utf16).swap16() },
    ...base64(bytes).map((form) => ({ encoding: name('base64'), bytes: form })),
    ...base64(bytes).map((form) => ({ encoding: name('base64url'), bytes: urlSafe(form) })),
    { encoding: name('list of numbers'), bytes: Buffer.from([...bytes].join(',')) },
  ];
}

/** The characters of three alignments that no neighbour has a part in. */
function base64(bytes: Buffer): Buffer[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const first = before === 0 ? 0 : before + 1;
    const isCut = (before + bytes.length) % GROUP !== 0;
    return Buffer.from(text.slice(first, isCut ? -1 : undefined));
  });
}

function urlSafe(text: Buffer): Buffer {
  return Buffer.from(text.toString('latin1').replaceAll('+', '-').replaceAll('/', '_'));
}

/** Code page 1047, as far as card data goes. */
const EBCDIC: readonly (readonly [first: string, last: string, at: number])[] = [
  ['0', '9', 0xf0],
  ['A', 'I', 0xc1],
  ['J', 'R', 0xd1],
  ['S', 'Z', 0xe2],
  ['a', 'i', 0x81],
  ['j', 'r', 0x91],
  ['s', 'z', 0xa2],
  [' ', ' ', 0x40],
  ['=', '=', 0x7e],
  ['^', '^', 0x5f],
  ['/', '/', 0x61],
  ['%', '%', 0x6c],
  ['-', '-', 0x60],
  ['.', '.', 0x4b],
  ['_', '_', 0x6d],
  [':', ':', 0x7a],
  ['"', '"', 0x7f],
];

function inEbcdic(text: string): Buffer {
  return Buffer.from([...text].map(ebcdicOf));
}

function ebcdicOf(character: string): number {
  const range = EBCDIC.find(([first, last]) => character >= first && character <= last);
  if (!range) throw new Error('a canary has a character that the table of EBCDIC lacks');
  const [first, , at] = range;
  return at + character.charCodeAt(0) - first.charCodeAt(0);
}
