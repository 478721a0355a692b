import { NO_CODE } from './traffic.ts';

/**
 * Reads DE11 and DE39 out of a packed iso87-ascii reply, and nothing else: the codec would read and check every field,
 * which costs the generator more than all the rest of its work. Elements up to DE39 are walked by their lengths.
 */

const BITMAP_AT = 4;
const FIELDS_AT = 12;
const STAN = 11;
const CODE = 39;
const ZERO = 0x30;

/** Length of each element up to DE39; -2 and -3: that many digits of length stand before it. */
const LENGTHS: readonly number[] = [
  0, 8, -2, 6, 12, 12, 12, 10, 8, 8, 8, 6, 6, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 1, 9, 9, 9, 9, -2, -2,
  -2, -2, -3, 12, 6, 2,
];

export interface ScannedReply {
  stan: number;
  /** DE39 as a number. */
  code: number;
}

/** Fills `into`; false where the bytes hold no DE11. */
export function scanReply(bytes: Buffer, start: number, end: number, into: ScannedReply): boolean {
  let at = start + FIELDS_AT;
  into.stan = -1;
  into.code = NO_CODE;
  for (let field = 1; field <= CODE; field += 1) {
    const octet = bytes[start + BITMAP_AT + ((field - 1) >> 3)] ?? 0;
    if ((octet & (0x80 >> ((field - 1) & 7))) === 0) continue;
    if (field === STAN) into.stan = digits(bytes, at, 6);
    if (field === CODE) into.code = codeAt(bytes, at);
    const length = LENGTHS[field] ?? 0;
    at += length >= 0 ? length : digits(bytes, at, -length) - length;
    if (at > end) return false;
  }
  return into.stan >= 0;
}

function digits(bytes: Buffer, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i += 1) value = value * 10 + (bytes[at + i] ?? ZERO) - ZERO;
  return value;
}

function codeAt(bytes: Buffer, at: number): number {
  const value = digits(bytes, at, 2);
  return value >= 0 && value <= 99 ? value : NO_CODE;
}
