import type { Bytes } from '../bytes.ts';
import type { Cursor } from '../cursor.ts';
import type { Field, VariableLength } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import type { Strictness } from '../strictness.ts';
import { binaryCodec, containerCodec } from './binary.ts';
import type { FieldCodec } from './codecs.ts';
import { compositeCodec } from './composite.ts';
import { lengthCodec } from './length.ts';
import { pinBlockMeaning, plainBytes, plainText, textMeanings } from './semantics.ts';
import { sliced } from './slices.ts';
import { type ContentCodec, dialectError, type Letters, textCodec } from './text.ts';

/** Between a wire value (text or bytes, padding included) and the value in a message. */
interface Meaning<V> {
  wrap(wire: V, cursor: Cursor, at: number): unknown;
  unwrap(value: unknown, path: string): V;
}

/**
 * @param strictness what pack lets pass; parse asks its cursor
 * @param letters what becomes of characters that are foreign to the field
 * @throws {IsoError} ISO_DIALECT when the axes of the field contradict each other
 */
export function fieldCodec(
  field: Field,
  path: string,
  strictness: Strictness,
  letters: Letters = strictness.content === 'accept' ? 'pass' : 'refuse',
): FieldCodec {
  if (field.parts) {
    const composite = compositeCodec(field, path, (part, inner) =>
      fieldCodec(part, inner, strictness, letters),
    );
    const content = containerCodec(field.encoding);
    if (!content) throw dialectError(path, 'an encoding of bytes or characters', field.encoding);
    return assemble(field, path, content, composite);
  }
  if (field.content === 'b') {
    const content = binaryCodec(field.encoding);
    if (!content) throw dialectError(path, 'a binary encoding', field.encoding);
    return assemble(field, path, content, field.as === 'pin-block' ? pinBlockMeaning : plainBytes);
  }
  const lenient = strictness.content === 'accept';
  const content = textCodec(field, path, letters);
  if (field.slices) {
    return assemble(field, path, content, sliced(field.slices, field.repeated ?? false, path, lenient));
  }
  const meaning = field.as === undefined ? plainText : textMeanings[field.as];
  if (!meaning) throw dialectError(path, 'a text meaning', field.as ?? 'none');
  return assemble(field, path, content, meaning);
}

function assemble<V extends string | Bytes>(
  field: Field,
  path: string,
  content: ContentCodec<V>,
  meaning: Meaning<V>,
): FieldCodec {
  const { length } = field;
  if ('fixed' in length) return fixedField(field, length.fixed, path, content, meaning);
  if ('rest' in length) return restField(field, length.rest, path, content, meaning);
  return variableField(field, length, path, content, meaning);
}

function restField<V extends string | Bytes>(
  field: Field,
  max: number,
  path: string,
  content: ContentCodec<V>,
  meaning: Meaning<V>,
): FieldCodec {
  return {
    read(cursor) {
      const at = cursor.at;
      const characters = content.charactersIn(cursor.end - at);
      if (characters === undefined || characters > max) {
        throw lengthError(path, `0 to ${max}`, characters ?? cursor.end - at, at);
      }
      return meaning.wrap(trimmed(content.read(cursor, characters, path), field), cursor, at);
    },
    skip(cursor) {
      cursor.at = cursor.end;
    },
    encode(value) {
      const wire = meaning.unwrap(value, path);
      const characters = content.characters(wire);
      if (characters > max) throw lengthError(path, `0 to ${max}`, characters);
      const out = Buffer.allocUnsafe(content.bytesOf(characters));
      content.write(wire, out, 0, path);
      return out;
    },
  };
}

function fixedField<V extends string | Bytes>(
  field: Field,
  characters: number,
  path: string,
  content: ContentCodec<V>,
  meaning: Meaning<V>,
): FieldCodec {
  if (!Number.isInteger(characters) || characters < 0) {
    throw dialectError(path, 'a whole number of characters', String(characters));
  }
  const bytes = content.bytesOf(characters);
  return {
    read(cursor) {
      const at = cursor.at;
      return meaning.wrap(trimmed(content.read(cursor, characters, path), field), cursor, at);
    },
    skip(cursor) {
      cursor.take(bytes, path);
    },
    encode(value) {
      const wire = padded(meaning.unwrap(value, path), characters, field);
      if (content.characters(wire) !== characters) {
        throw lengthError(path, `exactly ${characters}`, content.characters(wire));
      }
      const out = Buffer.allocUnsafe(bytes);
      content.write(wire, out, 0, path);
      return out;
    },
  };
}

function variableField<V extends string | Bytes>(
  field: Field,
  length: VariableLength,
  path: string,
  content: ContentCodec<V>,
  meaning: Meaning<V>,
): FieldCodec {
  const prefix = lengthCodec(length);
  const unit = length.unit ?? 'characters';
  const min = length.min ?? 0;
  const limits = `${min} to ${length.max} ${unit}`;
  const occupied = length.occupies === undefined ? 0 : content.bytesOf(length.occupies);
  return {
    read(cursor) {
      const start = cursor.at;
      const count = prefix.read(cursor, path);
      if (count > length.max || count < min) throw lengthError(path, limits, count, start);
      const asCounted = unit === 'characters' || (unit === 'nibbles' && content.packed);
      const characters = asCounted ? count : charactersOf(count, cursor.strictness.padNibbles === 'accept');
      if (characters === undefined) throw lengthError(path, `a whole number of characters`, count, start);
      const at = cursor.at;
      const value = meaning.wrap(trimmed(content.read(cursor, characters, path), field), cursor, at);
      if (occupied > 0) cursor.take(Math.max(0, at + occupied - cursor.at), path);
      return value;
    },
    skip(cursor) {
      const count = prefix.read(cursor, path);
      const bytes = asWritten(count);
      cursor.take(Math.max(bytes, occupied), path);
    },
    encode(value) {
      const wire = meaning.unwrap(value, path);
      const characters = content.characters(wire);
      const count = countOf(characters);
      if (count > length.max || count < min) throw lengthError(path, limits, count);
      const bytes = content.bytesOf(characters);
      const out = Buffer.allocUnsafe(prefix.bytes + Math.max(bytes, occupied));
      prefix.write(count, out, 0);
      content.write(wire, out, prefix.bytes, path);
      return out.fill(fillerOf(field), prefix.bytes + bytes);
    },
  };

  /** Bytes that so many of the unit take, unused nibbles included. */
  function asWritten(count: number): number {
    if (unit === 'bytes') return count;
    if (unit === 'characters' || content.packed) return content.bytesOf(count);
    return content.hexText ? count + (count % 2) : (count + 1) >> 1;
  }

  /** An odd number of nibbles leaves one unused. */
  function charactersOf(count: number, oddNibbles: boolean): number | undefined {
    if (unit === 'bytes') return content.charactersIn(count);
    const even = count + (count % 2);
    return even === count || oddNibbles ? content.charactersIn(content.hexText ? even : even / 2) : undefined;
  }

  function countOf(characters: number): number {
    if (unit === 'characters' || (unit === 'nibbles' && content.packed)) return characters;
    const bytes = content.bytesOf(characters);
    return unit === 'bytes' || content.hexText ? bytes : bytes * 2;
  }
}

/** What stands behind a value that does not fill its place: spaces in text, zeros elsewhere. */
function fillerOf({ encoding }: Field): number {
  if (encoding === 'ascii') return 0x20;
  return encoding.startsWith('ebcdic') && encoding !== 'ebcdic-hex' ? 0x40 : 0;
}

function padded<V extends string | Bytes>(wire: V, characters: number, field: Field): V {
  if (typeof wire !== 'string' || !field.pad || field.encoding === 'bcd' || wire.length >= characters) {
    return wire;
  }
  const { side, with: filler } = field.pad;
  return (side === 'left' ? wire.padStart(characters, filler) : wire.padEnd(characters, filler)) as V;
}

function trimmed<V extends string | Bytes>(wire: V, field: Field): V {
  if (!field.pad?.trim || typeof wire !== 'string') return wire;
  const { side, with: filler } = field.pad;
  let start = 0;
  let end = wire.length;
  if (side === 'left') while (start < end && wire[start] === filler) start++;
  else while (end > start && wire[end - 1] === filler) end--;
  return wire.slice(start, end) as V;
}

function lengthError(path: string, expected: string, found: number, offset?: number): IsoError {
  return new IsoError('ISO_LENGTH', {
    path,
    expected,
    found: String(found),
    ...(offset === undefined ? {} : { offset }),
  });
}
