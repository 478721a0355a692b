import { Bytes } from '../bytes.ts';
import type { Field, Part } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { Cursor } from './cursor.ts';
import type { FieldCodec } from './field.ts';
import { wrongKind } from './semantics.ts';
import { dialectError } from './text.ts';

interface PartCodec {
  readonly property: string;
  readonly bit: number;
  readonly codec: FieldCodec;
}

type Compile = (field: Field, path: string) => FieldCodec;

/** A field made of parts: one after the other, or those a bitmap names. */
export function compositeCodec(field: Field, path: string, compile: Compile) {
  const parts = Object.entries(field.parts ?? {}).map(([property, part]: [string, Part], index) => ({
    property,
    bit: part.bit ?? index + 1,
    codec: compile(part, `${path}.${property.toUpperCase()}`),
  }));
  const { read, encode } =
    field.composition?.kind === 'bitmap'
      ? bitmapParts(parts, field.composition.bytes, path)
      : positionalParts(parts, path);

  return {
    wrap(wire: Bytes, cursor: Cursor, at: number): unknown {
      const inner = within(wire, cursor, at);
      const value = read(inner);
      if (inner.at < inner.end && cursor.strictness.trailingBytes === 'reject')
        cursor.fail('ISO_TRAILING_BYTES', path, inner.at, 'nothing', `${inner.end - inner.at} bytes`);
      return value;
    },
    unwrap(value: unknown): Bytes {
      if (typeof value !== 'object' || value === null) throw wrongKind(path, 'an object', value);
      return Bytes.of(encode(value as Record<string, unknown>));
    },
  };
}

/** Bytes read from the wire as they stand keep their offsets; decoded ones (hex text) get a cursor of their own. */
function within(wire: Bytes, cursor: Cursor, at: number): Cursor {
  if (cursor.at - at === wire.length) return new Cursor(cursor.bytes, at, cursor.at, cursor.strictness);
  return new Cursor(wire.buffer(), 0, wire.length, cursor.strictness);
}

function positionalParts(parts: readonly PartCodec[], path: string) {
  return {
    read(cursor: Cursor) {
      const value: Record<string, unknown> = {};
      for (const part of parts) {
        if (cursor.at === cursor.end) break;
        value[part.property] = part.codec.read(cursor);
      }
      return value;
    },
    encode(value: Record<string, unknown>): Buffer {
      refuseUnknown(value, parts, path);
      const bytes: Buffer[] = [];
      let gap: string | undefined;
      for (const part of parts) {
        const item = value[part.property];
        if (item === undefined) gap ??= part.property;
        else if (gap !== undefined)
          throw new IsoError('ISO_VALUE', {
            path,
            expected: `${gap} before ${part.property}`,
            found: 'a gap',
          });
        else bytes.push(part.codec.encode(item));
      }
      return Buffer.concat(bytes);
    },
  };
}

function bitmapParts(parts: readonly PartCodec[], mapBytes: number, path: string) {
  const byBit = new Map(parts.map((part) => [part.bit, part]));
  for (const part of parts)
    if (part.bit < 1 || part.bit > mapBytes * 8)
      throw dialectError(path, `bits from 1 to ${mapBytes * 8}`, String(part.bit));
  const inOrder = [...parts].sort((a, b) => a.bit - b.bit);
  return {
    read(cursor: Cursor) {
      const at = cursor.take(mapBytes, path);
      const value: Record<string, unknown> = {};
      for (let bit = 1; bit <= mapBytes * 8; bit++) {
        const byte = cursor.bytes[at + ((bit - 1) >> 3)] ?? 0;
        if ((byte & (0x80 >> ((bit - 1) & 7))) === 0) continue;
        const part = byBit.get(bit);
        if (!part)
          return cursor.fail(
            'ISO_FIELD_UNDEFINED',
            path,
            at + ((bit - 1) >> 3),
            'only defined bits',
            `bit ${bit}`,
          );
        value[part.property] = part.codec.read(cursor);
      }
      return value;
    },
    encode(value: Record<string, unknown>): Buffer {
      refuseUnknown(value, parts, path);
      const map = Buffer.alloc(mapBytes);
      const bytes: Buffer[] = [map];
      for (const part of inOrder) {
        const item = value[part.property];
        if (item === undefined) continue;
        const index = (part.bit - 1) >> 3;
        map[index] = (map[index] ?? 0) | (0x80 >> ((part.bit - 1) & 7));
        bytes.push(part.codec.encode(item));
      }
      return Buffer.concat(bytes);
    },
  };
}

function refuseUnknown(value: Record<string, unknown>, parts: readonly PartCodec[], path: string): void {
  for (const property of Object.keys(value))
    if (value[property] !== undefined && !parts.some((part) => part.property === property))
      throw new IsoError('ISO_FIELD_UNDEFINED', { path, expected: 'a defined part', found: property });
}
