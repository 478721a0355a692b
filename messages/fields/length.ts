import type { Cursor } from '../cursor.ts';
import type { VariableLength } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { hexDigit } from './binary.ts';
import { charsets } from './charsets.ts';

/** Reads and writes the number in front of a field of variable length. */
export interface LengthCodec {
  readonly bytes: number;
  read(cursor: Cursor, path: string): number;
  write(length: number, out: Buffer, at: number): void;
}

export function lengthCodec(length: VariableLength): LengthCodec {
  switch (length.prefix) {
    case 'ascii':
    case 'ebcdic':
    case 'hex':
      return digitPrefix(length);
    case 'bcd':
      return bcdPrefix(length.width);
    case 'binary':
      return binaryPrefix(length.width);
  }
}

function digitPrefix({ prefix, width }: VariableLength): LengthCodec {
  const { toLatin1, fromLatin1 } = charsets[prefix === 'ebcdic' ? 'ebcdic-1047' : 'ascii'];
  const base = prefix === 'hex' ? 16 : 10;
  return {
    bytes: width,
    read(cursor, path) {
      const at = cursor.take(width, path);
      let length = 0;
      for (let i = 0; i < width; i++) {
        const digit = hexDigit(toLatin1[cursor.bytes[at + i] ?? 0] ?? 0);
        if (digit < 0 || digit >= base) {
          badPrefix(path, at, width, cursor, base === 16 ? 'hex digits' : 'digits');
        }
        length = length * base + digit;
      }
      return length;
    },
    write(length, out, at) {
      for (let i = width - 1, rest = length; i >= 0; i--, rest = Math.floor(rest / base)) {
        out[at + i] = fromLatin1['0123456789ABCDEF'.charCodeAt(rest % base)] ?? 0;
      }
    },
  };
}

function bcdPrefix(width: number): LengthCodec {
  const bytes = (width + 1) >> 1;
  return {
    bytes,
    read(cursor, path) {
      const at = cursor.take(bytes, path);
      let length = 0;
      for (let i = 0; i < bytes; i++) {
        const byte = cursor.bytes[at + i] ?? 0;
        if (byte >> 4 > 9 || (byte & 15) > 9) badPrefix(path, at, bytes, cursor, 'BCD digits');
        length = length * 100 + (byte >> 4) * 10 + (byte & 15);
      }
      return length;
    },
    write(length, out, at) {
      for (let i = bytes - 1, rest = length; i >= 0; i--, rest = Math.floor(rest / 100)) {
        out[at + i] = (Math.floor((rest % 100) / 10) << 4) | (rest % 10);
      }
    },
  };
}

function binaryPrefix(bytes: number): LengthCodec {
  return {
    bytes,
    read(cursor, path) {
      const at = cursor.take(bytes, path);
      let length = 0;
      for (let i = 0; i < bytes; i++) length = length * 256 + (cursor.bytes[at + i] ?? 0);
      return length;
    },
    write(length, out, at) {
      for (let i = bytes - 1, rest = length; i >= 0; i--, rest = Math.floor(rest / 256)) {
        out[at + i] = rest % 256;
      }
    },
  };
}

function badPrefix(path: string, offset: number, width: number, cursor: Cursor, expected: string): never {
  throw new IsoError('ISO_LENGTH_PREFIX', {
    path,
    offset,
    expected: `${width} bytes of ${expected}`,
    found: cursor.bytes.toString('hex', offset, offset + width).toUpperCase(),
  });
}
