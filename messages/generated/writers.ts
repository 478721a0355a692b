/**
 * Loops that generated packers share, so that the code of a message stays small: messages of several kinds in turn
 * would otherwise push each other out of the processor's caches. Each returns a negative number when a character is
 * foreign.
 */

/** Decimal digits, one byte each. */
export function putDigits(text: string, out: Uint8Array, at: number, count: number): number {
  let bad = 0;
  for (let i = 0; i < count; i++) {
    const code = text.charCodeAt(i);
    bad |= (code - 48) | (57 - code);
    out[at + i] = code;
  }
  return bad;
}

/** Printable ASCII, one byte each. */
export function putPrintable(text: string, out: Uint8Array, at: number, count: number): number {
  let bad = 0;
  for (let i = 0; i < count; i++) {
    const code = text.charCodeAt(i);
    bad |= (code - 32) | (126 - code);
    out[at + i] = code;
  }
  return bad;
}

/** Decimal digits, two a byte, a zero in front of an odd number. */
export function putPacked(text: string, out: Uint8Array, at: number, count: number): number {
  let bad = 0;
  let i = count & 1;
  if (i === 1) {
    const low = text.charCodeAt(0) - 48;
    bad |= low | (9 - low);
    out[at] = low;
  }
  for (let to = at + i; i < count; i += 2, to++) {
    const high = text.charCodeAt(i) - 48;
    const low = text.charCodeAt(i + 1) - 48;
    bad |= high | (9 - high) | low | (9 - low);
    out[to] = (high << 4) | low;
  }
  return bad;
}
