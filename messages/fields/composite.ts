import { Bytes } from '../bytes.ts';
import { Cursor } from '../cursor.ts';
import type { Composition, Field, Part } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { hexBinary, rawBinary } from './binary.ts';
import type { FieldCodec, PartCodec, PartsCodec } from './codecs.ts';
import { readInto } from './read-into.ts';
import { wrongKind } from './semantics.ts';
import { berTlvParts, taggedParts } from './tagged.ts';
import { dialectError } from './text.ts';

type Compile = (field: Field, path: string) => FieldCodec;

/** A field made of parts. */
export function compositeCodec(field: Field, path: string, compile: Compile) {
  const parts = Object.entries(field.parts ?? {}).map(([property, part]: [string, Part]): PartCodec => {
    const partPath = `${path}.${property.toUpperCase()}`;
    return { property, path: partPath, bit: part.bit, tag: part.tag, codec: compile(part, partPath) };
  });
  const { read, encode } = partsCodec(field, parts, path);

  return {
    wrap(wire: Bytes, cursor: Cursor, at: number): unknown {
      const inner = within(wire, cursor);
      const value: Record<string, unknown> = {};
      try {
        read(inner, value);
        if (inner.at < inner.end && cursor.strictness.trailingBytes === 'reject') {
          cursor.fail('ISO_TRAILING_BYTES', path, inner.at, 'nothing', `${inner.end - inner.at} bytes`);
        }
        return value;
      } catch (error) {
        throw keeping(inner.bytes === cursor.bytes ? error : movedTo(error, at), value);
      }
    },
    unwrap(value: unknown): Bytes {
      if (typeof value !== 'object' || value === null) throw wrongKind(path, 'an object', value);
      return Bytes.of(encode(value as Record<string, unknown>));
    },
  };
}

function partsCodec(field: Field, parts: readonly PartCodec[], path: string): PartsCodec {
  const composition = field.composition ?? { kind: 'positional' };
  switch (composition.kind) {
    case 'positional':
      return positionalParts(parts, path);
    case 'bitmap':
      return bitmapParts(parts, composition, path);
    case 'tagged':
      return taggedParts(parts, composition, path);
    case 'ber-tlv':
      return berTlvParts(parts, composition, path);
  }
}

/** Bytes read from the wire as they stand keep their offsets; decoded ones (hex text) get a cursor of their own. */
function within(wire: Bytes, cursor: Cursor): Cursor {
  const start = cursor.at - wire.length;
  const place = wire.placeIn(cursor.bytes);
  if (place === start) return new Cursor(cursor.bytes, start, cursor.at, cursor.strictness);
  return new Cursor(wire.buffer(), 0, wire.length, cursor.strictness);
}

/** An error inside decoded bytes points at the start of the field that holds them. */
function movedTo(error: unknown, offset: number): unknown {
  if (!(error instanceof IsoError)) return error;
  const { code, path, expected, found, partial } = error;
  return new IsoError(code, { path, offset, expected, found, partial });
}

/** Hands up the parts read before the fault. */
function keeping(error: unknown, parts: Record<string, unknown>): unknown {
  if (error instanceof IsoError) error.partial = parts;
  return error;
}

function positionalParts(parts: readonly PartCodec[], path: string): PartsCodec {
  return {
    read(cursor, value) {
      for (const part of parts) {
        if (cursor.at === cursor.end) break;
        readInto(value, part.property, part.codec, cursor);
      }
    },
    encode(value) {
      refuseUnknown(value, parts, path);
      const bytes: Buffer[] = [];
      let gap: string | undefined;
      for (const part of parts) {
        const item = value[part.property];
        if (item === undefined) gap ??= part.property;
        else if (gap !== undefined) {
          throw new IsoError('ISO_VALUE', {
            path,
            expected: `${gap} before ${part.property}`,
            found: 'a gap',
          });
        } else bytes.push(part.codec.encode(item));
      }
      return Buffer.concat(bytes);
    },
  };
}

type BitmapComposition = Extract<Composition, { kind: 'bitmap' }>;

function bitmapParts(parts: readonly PartCodec[], composition: BitmapComposition, path: string): PartsCodec {
  const { bytes: mapBytes, encoding = 'binary', headerBytes = 0 } = composition;
  const byBit = new Map(parts.map((part, index) => [part.bit ?? index + 1, part]));
  for (const bit of byBit.keys()) {
    if (bit < 1 || bit > mapBytes * 8) {
      throw dialectError(path, `bits from 1 to ${mapBytes * 8}`, String(bit));
    }
  }
  const inOrder = [...byBit].sort(([a], [b]) => a - b);
  const map = encoding === 'binary' ? rawBinary : hexBinary(encoding);
  return {
    read(cursor, value) {
      if (headerBytes > 0) value['header'] = rawBinary.read(cursor, headerBytes, path);
      const at = cursor.at;
      const bits = map.read(cursor, mapBytes, path).buffer();
      for (let bit = 1; bit <= mapBytes * 8; bit++) {
        if (((bits[(bit - 1) >> 3] ?? 0) & (0x80 >> ((bit - 1) & 7))) === 0) continue;
        const part = byBit.get(bit);
        if (!part) return cursor.fail('ISO_FIELD_UNDEFINED', path, at, 'only defined bits', `bit ${bit}`);
        readInto(value, part.property, part.codec, cursor);
      }
    },
    encode(value) {
      const { header, ...others } = value;
      const rest = headerBytes > 0 ? others : value;
      refuseUnknown(rest, parts, path);
      const bits = Buffer.alloc(mapBytes);
      const head = Buffer.allocUnsafe(map.bytesOf(mapBytes));
      const bytes: Buffer[] = headerBytes > 0 ? [encodeHeader(header, headerBytes, path), head] : [head];
      for (const [bit, part] of inOrder) {
        const item = rest[part.property];
        if (item === undefined) continue;
        const index = (bit - 1) >> 3;
        bits[index] = (bits[index] ?? 0) | (0x80 >> ((bit - 1) & 7));
        bytes.push(part.codec.encode(item));
      }
      map.write(Bytes.of(bits), head, 0, path);
      return Buffer.concat(bytes);
    },
  };
}

function encodeHeader(header: unknown, bytes: number, path: string): Buffer {
  if (header instanceof Bytes && header.length === bytes) return header.buffer();
  throw new IsoError('ISO_VALUE', {
    path: `${path}.HEADER`,
    expected: `${bytes} Bytes`,
    found: 'something else',
  });
}

function refuseUnknown(value: Record<string, unknown>, parts: readonly PartCodec[], path: string): void {
  for (const property of Object.keys(value)) {
    if (value[property] !== undefined && !parts.some((part) => part.property === property)) {
      throw new IsoError('ISO_FIELD_UNDEFINED', {
        path,
        expected: 'a defined part',
        found: 'another property',
      });
    }
  }
}
