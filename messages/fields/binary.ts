import { Bytes } from '../bytes.ts';
import type { Encoding } from '../dialect.ts';
import { type CharsetName, charsets } from './charsets.ts';
import type { ContentCodec } from './text.ts';

/** The bytes as they are. */
export const rawBinary: ContentCodec<Bytes> = {
  packed: false,
  bytesOf: (characters) => characters,
  charactersIn: (bytes) => bytes,
  characters: (value) => value.length,
  read(cursor, characters, path) {
    const at = cursor.take(characters, path);
    return Bytes.view(cursor.bytes, at, at + characters);
  },
  write: (value, out, at) => value.copyTo(out, at),
};

type HexEncoding = 'hex' | 'hex-lower' | 'ebcdic-hex';

/** Each byte as two hex digits; both cases are read. */
export function hexBinary(encoding: HexEncoding): ContentCodec<Bytes> {
  const { toLatin1, fromLatin1 } = charsets[encoding === 'ebcdic-hex' ? 'ebcdic-1047' : 'ascii'];
  return {
    packed: false,
    hexText: true,
    bytesOf: (characters) => characters * 2,
    charactersIn: (bytes) => (bytes % 2 === 0 ? bytes / 2 : undefined),
    characters: (value) => value.length,
    read(cursor, characters, path) {
      const at = cursor.take(characters * 2, path);
      const bytes = Buffer.allocUnsafe(characters);
      for (let i = 0; i < characters; i++) {
        const high = hexDigit(toLatin1[cursor.bytes[at + 2 * i] ?? 0] ?? 0);
        const low = hexDigit(toLatin1[cursor.bytes[at + 2 * i + 1] ?? 0] ?? 0);
        if (high < 0 || low < 0) {
          cursor.fail(
            'ISO_CONTENT',
            path,
            at + 2 * i + (high < 0 ? 0 : 1),
            'hex digits',
            'another character',
          );
        }
        bytes[i] = (high << 4) | low;
      }
      return Bytes.of(bytes);
    },
    write(value, out, at) {
      const hex = encoding === 'hex-lower' ? value.hex().toLowerCase() : value.hex();
      for (let i = 0; i < hex.length; i++) out[at + i] = fromLatin1[hex.charCodeAt(i)] ?? 0;
    },
  };
}

/** Bytes carried as characters of another set: what stands inside is ISO 8859-1. */
function translatedBinary(name: CharsetName): ContentCodec<Bytes> {
  const { toLatin1, fromLatin1 } = charsets[name];
  return {
    ...rawBinary,
    read(cursor, characters, path) {
      const at = cursor.take(characters, path);
      return Bytes.of(cursor.bytes.subarray(at, at + characters).map((byte) => toLatin1[byte] ?? 0));
    },
    write(value, out, at) {
      value.buffer().forEach((byte, i) => {
        out[at + i] = fromLatin1[byte] ?? 0;
      });
    },
  };
}

/** The container of a composite may also be text of another character set. */
export function containerCodec(encoding: Encoding): ContentCodec<Bytes> | undefined {
  if (encoding === 'ascii') return rawBinary;
  const ebcdic = encoding === 'ebcdic-1047' || encoding === 'ebcdic-037' || encoding === 'ebcdic-500';
  return ebcdic ? translatedBinary(encoding) : binaryCodec(encoding);
}

export function binaryCodec(encoding: Encoding): ContentCodec<Bytes> | undefined {
  if (encoding === 'binary') return rawBinary;
  return isHexText(encoding) ? hexBinary(encoding) : undefined;
}

export function isHexText(encoding: Encoding): encoding is HexEncoding {
  return encoding === 'hex' || encoding === 'hex-lower' || encoding === 'ebcdic-hex';
}

/** The value of an ASCII hex digit, or -1. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 65 && code <= 70) return code - 55;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}
