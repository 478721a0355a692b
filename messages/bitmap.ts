import { Bytes } from './bytes.ts';
import type { Cursor } from './cursor.ts';
import type { BitmapEncoding } from './dialect.ts';
import { hexBinary, rawBinary } from './fields/binary.ts';

/**
 * Which fields are present, 32 to a number: word 0 holds fields 1 to 32, its highest bit field 1. Six words reach 192.
 */
export type BitWords = [number, number, number, number, number, number];

export function noFields(): BitWords {
  return [0, 0, 0, 0, 0, 0];
}

export function hasField(words: BitWords, field: number): boolean {
  return (((words[(field - 1) >> 5] ?? 0) << ((field - 1) & 31)) | 0) < 0;
}

export function setField(words: BitWords, field: number): void {
  const index = (field - 1) >> 5;
  words[index] = (words[index] ?? 0) | (0x80000000 >>> ((field - 1) & 31));
}

/** The fields that are present, in ascending order. */
export function fieldsOf(words: BitWords): number[] {
  const fields: number[] = [];
  for (let index = 0; index < words.length; index++) {
    let rest = words[index] ?? 0;
    while (rest !== 0) {
      const lead = Math.clz32(rest);
      fields.push(index * 32 + lead + 1);
      rest &= ~(0x80000000 >>> lead);
    }
  }
  return fields;
}

/** One bitmap of eight bytes on the wire. */
export interface BitmapCodec {
  readonly bytes: number;
  /** Reads into words 2·level and 2·level+1. */
  read(cursor: Cursor, words: BitWords, level: 0 | 1 | 2): void;
  write(words: BitWords, level: 0 | 1 | 2, out: Buffer, at: number): void;
}

export function bitmapCodec(encoding: BitmapEncoding): BitmapCodec {
  const content = encoding === 'binary' ? rawBinary : hexBinary(encoding);
  return {
    bytes: content.bytesOf(8),
    read(cursor, words, level) {
      const path = level === 0 ? 'bitmap' : level === 1 ? 'DE1' : 'DE65';
      const map = content.read(cursor, 8, path).buffer();
      words[level * 2] = map.readInt32BE(0);
      words[level * 2 + 1] = map.readInt32BE(4);
    },
    write(words, level, out, at) {
      const map = Buffer.allocUnsafe(8);
      map.writeInt32BE((words[level * 2] ?? 0) | 0, 0);
      map.writeInt32BE((words[level * 2 + 1] ?? 0) | 0, 4);
      content.write(Bytes.of(map), out, at, 'bitmap');
    },
  };
}
