import { Bytes } from './bytes.ts';
import { Cursor } from './cursor.ts';
import { IsoError } from './errors.ts';
import { strict } from './strictness.ts';

/**
 * One data object: tag in upper-case hex, value as it stood. A constructed one keeps its value whole; parse it again.
 */
export interface Tlv {
  readonly tag: string;
  readonly value: Bytes;
}

const constructed = 0x20;
const maxDepth = 8;
/** Tags longer than this are refused; EMV uses three bytes at most. */
const maxTagBytes = 4;
/** Lengths of more bytes than this cannot occur in a field of 9999 bytes. */
const maxLengthBytes = 3;

/**
 * Issuer script templates and commands: an issuer sends as many as it likes (EMV Book 3, 10.10), and the card runs each
 * in turn. Any other object stands once.
 */
const MAY_REPEAT: ReadonlySet<string> = new Set(['71', '72', '86']);

export function mayRepeat(tag: string): boolean {
  return MAY_REPEAT.has(tag);
}

export interface TlvOptions {
  /** Let any tag stand twice. Default false: issuer scripts (71, 72, 86) alone may. */
  readonly duplicates?: boolean;
  /** Let a constructed object hold anything. Default false: it must hold data objects, as BER says. */
  readonly opaque?: boolean;
  /** The path for errors, such as `DE55`. */
  readonly path?: string;
}

/**
 * Reads BER-TLV (EMV Book 3, annex B; ISO/IEC 8825-1). Zero bytes between objects are padding and are skipped.
 * @throws {IsoError} ISO_TLV, ISO_TLV_DUPLICATE
 */
export function parseTlv(bytes: Bytes | Uint8Array, options: TlvOptions = {}): Tlv[] {
  const data = (bytes instanceof Bytes ? bytes : Bytes.of(bytes)).buffer();
  const path = options.path ?? 'TLV';
  return readObjects(new Cursor(data, 0, data.length, strict), options, path, 0);
}

/**
 * Whether bytes are data objects from the first to the last, constructed ones too. It makes no values, since it is
 * asked of every payment with a chip.
 */
export function isTlv(bytes: Bytes): boolean {
  const data = bytes.buffer();
  return holdsObjects(data, 0, data.length, 0);
}

function holdsObjects(data: Buffer, from: number, end: number, depth: number): boolean {
  let at = from;
  while (at < end) {
    const first = data[at++] ?? 0;
    if (first === 0) continue;
    const tagAt = at;
    if ((first & 0x1f) === 0x1f) {
      while (at < end && at - tagAt < maxTagBytes && (data[at] ?? 0) & 0x80) at++;
      if (++at - tagAt >= maxTagBytes) return false;
    }
    if (at >= end) return false;
    const lead = data[at++] ?? 0;
    const more = lead < 0x80 ? 0 : lead & 0x7f;
    if (lead === 0x80 || more > maxLengthBytes || at + more > end) return false;
    const length = more === 0 ? lead : data.readUIntBE(at, more);
    at += more + length;
    if (at > end) return false;
    const isConstructed = (first & constructed) !== 0;
    if (isConstructed && (depth >= maxDepth || !holdsObjects(data, at - length, at, depth + 1))) return false;
  }
  return true;
}

function readObjects(cursor: Cursor, options: TlvOptions, path: string, depth: number): Tlv[] {
  if (depth > maxDepth) cursor.fail('ISO_TLV', path, cursor.at, `at most ${maxDepth} levels`, 'more');
  const data = cursor.bytes;
  const seen = new Set<string>();
  const objects: Tlv[] = [];
  while (cursor.at < cursor.end) {
    const start = cursor.at;
    if (data[start] === 0) {
      cursor.at++;
      continue;
    }
    const { tag, length } = berHead(cursor, path);
    const at = cursor.at;
    if (length > cursor.end - at) {
      cursor.fail('ISO_TLV', path, at, `${length} bytes for tag ${tag}`, `${cursor.end - at}`);
    }
    cursor.at = at + length;
    if (seen.has(tag) && !options.duplicates && !mayRepeat(tag)) {
      cursor.fail('ISO_TLV_DUPLICATE', path, start, 'each tag once', tag);
    }
    seen.add(tag);
    if ((data[start] ?? 0) & constructed && !options.opaque) {
      readObjects(new Cursor(data, at, cursor.at, strict), { ...options, duplicates: true }, path, depth + 1);
    }
    objects.push({ tag, value: Bytes.view(data, at, cursor.at) });
  }
  return objects;
}

/** Writes data objects with the shortest lengths. @throws {IsoError} ISO_TLV on a malformed tag */
export function packTlv(objects: readonly { tag: string; value: Bytes | Uint8Array }[]): Bytes {
  const parts: Buffer[] = [];
  for (const { tag, value } of objects) {
    const data = (value instanceof Bytes ? value : Bytes.of(value)).buffer();
    parts.push(encodeBerTag(tag, 'TLV'), encodeBerLength(data.length), data);
  }
  return Bytes.of(Buffer.concat(parts));
}

/** Reads the tag and the length of a data object. */
export function berHead(cursor: Cursor, path: string): { tag: string; length: number } {
  const { bytes, end } = cursor;
  const start = cursor.at;
  let at = start + 1;
  if (((bytes[start] ?? 0) & 0x1f) === 0x1f) {
    do {
      if (at >= end) cursor.fail('ISO_TLV', path, start, 'the rest of a tag', 'the end');
      if (at - start >= maxTagBytes) {
        cursor.fail('ISO_TLV', path, start, `${maxTagBytes} tag bytes at most`, 'more');
      }
    } while ((bytes[at++] ?? 0) & 0x80);
  }
  const tag = bytes.toString('hex', start, at).toUpperCase();
  const first = at < end ? (bytes[at] ?? 0) : -1;
  if (first < 0) cursor.fail('ISO_TLV', path, at, `a length after tag ${tag}`, 'the end');
  const more = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || more > maxLengthBytes) {
    cursor.fail(
      'ISO_TLV',
      path,
      at,
      `a length of 1 to ${maxLengthBytes} bytes after tag ${tag}`,
      String(more),
    );
  }
  cursor.at = at + 1 + more;
  if (cursor.at > end) cursor.fail('ISO_TLV', path, at, `${more} length bytes after tag ${tag}`, 'the end');
  return { tag, length: more === 0 ? first : bytes.readUIntBE(at + 1, more) };
}

/** @throws {IsoError} ISO_TLV unless the hex digits are one whole tag */
export function encodeBerTag(tag: string, path: string): Buffer {
  const bytes = Buffer.from(tag, 'hex');
  const last = bytes.length - 1;
  const continued = ((bytes[0] ?? 0) & 0x1f) === 0x1f;
  const inner = bytes.subarray(1, last).every((byte) => (byte & 0x80) !== 0);
  const whole = continued
    ? last >= 1 && last < maxTagBytes && inner && ((bytes[last] ?? 0) & 0x80) === 0
    : bytes.length === 1 && bytes[0] !== 0;
  if (!whole || bytes.length * 2 !== tag.length) {
    throw new IsoError('ISO_TLV', { path, expected: 'a tag in hex', found: `${tag.length} characters` });
  }
  return bytes;
}

export function encodeBerLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
  const out = Buffer.alloc(1 + bytes);
  out[0] = 0x80 | bytes;
  out.writeUIntBE(length, 1, bytes);
  return out;
}
