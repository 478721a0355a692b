import { Bytes } from './bytes.ts';
import { IsoError } from './errors.ts';

/** One data object: tag in upper-case hex, value as it stood. Constructed tags keep their value whole; parse it again. */
export interface Tlv {
  readonly tag: string;
  readonly value: Bytes;
}

/** Tags longer than this are refused; EMV uses three bytes at most. */
const maxTagBytes = 4;
/** Lengths of more than three bytes cannot occur in a field of 999 bytes. */
const maxLengthBytes = 3;

/**
 * Reads BER-TLV (EMV Book 3, annex B; ISO/IEC 8825-1). Zero bytes between objects are padding and are skipped.
 * @param options.duplicates let the same tag stand twice; default false
 * @throws {IsoError} ISO_TLV, ISO_TLV_DUPLICATE
 */
export function parseTlv(
  bytes: Bytes | Uint8Array,
  options: { duplicates?: boolean; path?: string } = {},
): Tlv[] {
  const data =
    bytes instanceof Bytes ? bytes.buffer() : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const path = options.path ?? 'TLV';
  const seen = new Set<string>();
  const objects: Tlv[] = [];
  let at = 0;
  while (at < data.length) {
    if (data[at] === 0) {
      at++;
      continue;
    }
    const start = at;
    at = afterTag(data, at, path);
    const tag = data.toString('hex', start, at).toUpperCase();
    const { length, next } = readLength(data, at, path, tag);
    if (length > data.length - next)
      throw tlvError(path, next, `${length} bytes for tag ${tag}`, `${data.length - next}`);
    if (seen.has(tag) && !options.duplicates)
      throw new IsoError('ISO_TLV_DUPLICATE', { path, offset: start, expected: 'each tag once', found: tag });
    seen.add(tag);
    objects.push({ tag, value: Bytes.of(data.subarray(next, next + length)) });
    at = next + length;
  }
  return objects;
}

/** Writes data objects with the shortest lengths. @throws {IsoError} ISO_TLV on a malformed tag */
export function packTlv(objects: readonly { tag: string; value: Bytes | Uint8Array }[]): Bytes {
  const parts: Buffer[] = [];
  for (const { tag, value } of objects) {
    const tagBytes = Buffer.from(tag, 'hex');
    if (
      tagBytes.length === 0 ||
      tagBytes.length * 2 !== tag.length ||
      afterTag(tagBytes, 0, 'TLV') !== tagBytes.length
    )
      throw new IsoError('ISO_TLV', { path: 'TLV', expected: 'a tag in hex', found: tag.slice(0, 8) });
    const data = value instanceof Bytes ? value.buffer() : Buffer.from(value);
    parts.push(tagBytes, encodeLength(data.length), data);
  }
  return Bytes.of(Buffer.concat(parts));
}

function afterTag(data: Buffer, start: number, path: string): number {
  let at = start + 1;
  if (((data[start] ?? 0) & 0x1f) !== 0x1f) return at;
  for (;;) {
    if (at >= data.length) throw tlvError(path, start, 'the rest of a tag', 'the end');
    if (at - start >= maxTagBytes)
      throw tlvError(path, start, `a tag of at most ${maxTagBytes} bytes`, 'a longer one');
    const more = (data[at++] ?? 0) & 0x80;
    if (!more) return at;
  }
}

function readLength(data: Buffer, at: number, path: string, tag: string): { length: number; next: number } {
  const first = data[at];
  if (first === undefined) throw tlvError(path, at, `a length after tag ${tag}`, 'the end');
  if (first < 0x80) return { length: first, next: at + 1 };
  const bytes = first & 0x7f;
  if (bytes === 0 || bytes > maxLengthBytes)
    throw tlvError(path, at, `a length of 1 to ${maxLengthBytes} bytes after tag ${tag}`, String(bytes));
  if (at + 1 + bytes > data.length)
    throw tlvError(path, at, `${bytes} length bytes after tag ${tag}`, 'the end');
  return { length: data.readUIntBE(at + 1, bytes), next: at + 1 + bytes };
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
  const out = Buffer.alloc(1 + bytes);
  out[0] = 0x80 | bytes;
  out.writeUIntBE(length, 1, bytes);
  return out;
}

function tlvError(path: string, offset: number, expected: string, found: string): IsoError {
  return new IsoError('ISO_TLV', { path, offset, expected, found });
}
