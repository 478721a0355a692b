import {
  type BitmapCodec,
  type BitWords,
  bitmapCodec,
  fieldsOf,
  hasField,
  noFields,
  setField,
} from './bitmap.ts';
import { Cursor } from './cursor.ts';
import type { Dialect, Message } from './dialect.ts';
import { IsoError, type PartialMessage } from './errors.ts';
import type { FieldCodec } from './fields/codecs.ts';
import { fieldCodec } from './fields/field.ts';
import { readInto } from './fields/read-into.ts';
import { wrongKind } from './fields/semantics.ts';
import { tolerantCodec } from './fields/tolerant.ts';
import { FillersAsTheyCame } from './fillers.ts';
import { type FastPath, fastPath } from './generated/fast-path.ts';
import { encodeVisaHeader, readVisaHeader, type VisaHeader } from './header-visa.ts';
import { type MtiCodec, mtiCodec } from './mti-codec.ts';
import { type Strictness, strict } from './strictness.ts';
import { INTOLERANT, type Tolerance } from './tolerance.ts';

export interface MacSlot {
  /** Every byte of the message text before the MAC field; the header is not part of it. */
  readonly covered: Buffer;
  /** The MAC as bytes, also where it is written as hex text. */
  readonly mac: Buffer;
}

export interface Codec<M> {
  readonly dialect: Dialect;
  /** @throws {IsoError} with path, offset and what had been read (`partial`) */
  parse(bytes: Buffer): M;
  /** @throws {IsoError} when a value has the wrong kind, length or characters */
  pack(message: M): Buffer;
  /** Where the MAC stands when the last field is DE64 or DE128; undefined when it is not. */
  macSlot(packed: Buffer): MacSlot | undefined;
  /** Writes the MAC in place. @throws {IsoError} ISO_VALUE when the message ends with no MAC field of that size */
  setMac(packed: Buffer, mac: Uint8Array): void;
}

const LAST_FIELD = 192;
/** Names of the elements, by number: to put one together costs as much as to write a short field. */
const ELEMENTS: readonly string[] = Array.from({ length: LAST_FIELD + 1 }, (_, number) => `de${number}`);

type AnyMessage = { mti: string; header?: unknown } & Record<string, unknown>;

interface HeaderCodec {
  read(cursor: Cursor): unknown;
  encode(header: unknown, textBytes: number): Buffer;
}

interface Frame {
  readonly mti: MtiCodec;
  readonly header: HeaderCodec | undefined;
  readonly bitmaps: readonly [BitmapCodec, BitmapCodec, BitmapCodec];
  readonly tertiary: 'after-secondary' | 'as-field-65' | undefined;
  readonly fields: ReadonlyMap<number, FieldCodec>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly dialect: Dialect;
  readonly strictness: Strictness;
  readonly tolerance: Tolerance;
  readonly fillers: FillersAsTheyCame;
}

/**
 * Makes the codec of a dialect.
 * @param strictness what to refuse beyond the default, or to let pass
 * @param tolerance what becomes of single elements that are not as the dialect says; the message is refused by default
 * @throws {IsoError} ISO_DIALECT when the dialect contradicts itself
 */
export function compile<const D extends Dialect>(
  dialect: D,
  strictness: Partial<Strictness> = {},
  tolerance: Tolerance = INTOLERANT,
): Codec<Message<D>> {
  const frame = prepare(dialect, { ...strict, ...strictness }, tolerance);
  const { fillers } = frame;
  const fast = fastPath(dialect, frame.fields, frame.strictness, tolerance.elements);
  return {
    dialect,
    parse: (bytes) => (parseFast(frame, fast, bytes) ?? parse(frame, bytes)) as Message<D>,
    pack:
      tolerance.leavesOut || frame.header
        ? (message) =>
            (fillers.has(message) ? undefined : packFast(frame, fast, message as unknown as AnyMessage)) ??
            pack(frame, message as unknown as AnyMessage, fast)
        : (message) =>
            (fillers.has(message) ? undefined : fast?.pack(message)) ??
            pack(frame, message as unknown as AnyMessage, fast),
    macSlot: (packed) => macSlot(frame, packed),
    setMac: (packed, mac) => setMac(frame, packed, mac),
  };
}

function prepare(dialect: Dialect, strictness: Strictness, tolerance: Tolerance): Frame {
  const fields = new Map<number, FieldCodec>();
  const numbers = new Map<string, number>();
  for (const [key, field] of Object.entries(dialect.fields)) {
    const number = Number(key);
    if (!Number.isInteger(number) || number < 2 || number > LAST_FIELD) {
      throw new IsoError('ISO_DIALECT', {
        path: `DE${key}`,
        expected: 'field numbers from 2 to 192',
        found: key,
      });
    }
    const policy = tolerance.elements[number] ?? 'refuse';
    fields.set(number, tolerantCodec(field, `DE${number}`, strictness, policy, tolerance.onDropped));
    numbers.set(elementOf(number), number);
  }
  const primary = bitmapCodec(dialect.bitmap.encoding);
  const extension = bitmapCodec(dialect.bitmap.extension ?? dialect.bitmap.encoding);
  return {
    dialect,
    strictness,
    tolerance,
    fillers: new FillersAsTheyCame(dialect, strictness),
    fields,
    numbers,
    mti: mtiCodec(dialect.mti.encoding, strictness.mti),
    header: headerCodec(dialect.header, strictness),
    bitmaps: [primary, extension, extension],
    tertiary: dialect.bitmap.tertiary,
  };
}

function headerCodec(header: Dialect['header'], strictness: Strictness): HeaderCodec | undefined {
  if (header === undefined) return undefined;
  if (header !== 'visa') return fieldCodec(header, 'header', strictness);
  return {
    read: (cursor) => readVisaHeader(cursor),
    encode(value, textBytes) {
      if (typeof value !== 'object' || value === null) throw wrongKind('header', 'a header', value);
      return encodeVisaHeader(value as VisaHeader, textBytes);
    },
  };
}

function parseFast({ header, strictness }: Frame, fast: FastPath | undefined, bytes: Buffer) {
  if (!fast) return undefined;
  try {
    if (!header) return fast.parse(bytes);
    const cursor = new Cursor(bytes, 0, bytes.length, strictness);
    const value = header.read(cursor);
    const message = fast.parse(bytes.subarray(cursor.at)) as AnyMessage | undefined;
    if (message) message.header = value;
    return message;
  } catch (error) {
    if (error instanceof IsoError) return undefined;
    throw error;
  }
}

/** A value that cannot be written may be one that is left out: the tables say. */
function packFast({ header }: Frame, fast: FastPath | undefined, message: AnyMessage): Buffer | undefined {
  if (!fast) return undefined;
  try {
    if (!header) return fast.pack(message);
    const text = message.header === undefined ? undefined : fast.pack(message, 1);
    return text && Buffer.concat([header.encode(message.header, text.length), text]);
  } catch (error) {
    if (error instanceof IsoError) return undefined;
    throw error;
  }
}

function parse(frame: Frame, bytes: Buffer): AnyMessage {
  const cursor = new Cursor(bytes, 0, bytes.length, frame.strictness);
  const message = {} as AnyMessage;
  try {
    if (frame.header) message.header = frame.header.read(cursor);
    message.mti = frame.mti.read(cursor);
    const words = readBitmaps(frame, cursor);
    readFields(frame, cursor, words, message);
    if (cursor.fillers) frame.fillers.keep(message, cursor.fillers);
    if (cursor.at < cursor.end && frame.strictness.trailingBytes === 'reject') {
      cursor.fail('ISO_TRAILING_BYTES', 'message', cursor.at, 'nothing', `${cursor.end - cursor.at} bytes`);
    }
    return message;
  } catch (error) {
    if (error instanceof IsoError) error.partial = message as PartialMessage;
    throw error;
  }
}

function readBitmaps(frame: Frame, cursor: Cursor): BitWords {
  const { secondary } = frame.dialect.bitmap;
  const [primary, second, third] = frame.bitmaps;
  const words = noFields();
  const at = cursor.at;
  primary.read(cursor, words, 0);
  if (secondary === 'never') {
    if (hasField(words, 1)) {
      cursor.fail('ISO_BITMAP_INVALID', 'bitmap', at, 'one of 64 bits', 'a bit for a second');
    }
    return words;
  }
  if (secondary === 'joined' || hasField(words, 1)) second.read(cursor, words, 1);
  if (frame.tertiary === 'after-secondary' && hasField(words, 65)) third.read(cursor, words, 2);
  return words;
}

function readFields(frame: Frame, cursor: Cursor, words: BitWords, message: AnyMessage): void {
  let count = 0;
  for (let number = 2; number <= LAST_FIELD; number++) {
    if (!hasField(words, number)) continue;
    if (number === 65 && frame.tertiary) {
      if (frame.tertiary === 'as-field-65') frame.bitmaps[2].read(cursor, words, 2);
      continue;
    }
    const field = frame.fields.get(number);
    if (!field) {
      cursor.fail('ISO_FIELD_UNDEFINED', `DE${number}`, cursor.at, 'only defined fields', `field ${number}`);
    } else readInto(message, elementOf(number), field, cursor);
    count++;
  }
  if (count === 0 && frame.strictness.emptyBitmap === 'reject') {
    cursor.fail('ISO_BITMAP_EMPTY', 'bitmap', cursor.at, 'at least one field', 'none');
  }
}

function pack(frame: Frame, message: AnyMessage, fast: FastPath | undefined): Buffer {
  const { numbers, absent } = presentFields(frame, message);
  const written = numbers.flatMap((number) => writtenField(frame, number, message));
  const words = bitmapOf(frame, written);
  const mti = frame.mti.encode(message.mti);
  const maps = encodeBitmaps(frame, words);
  const parts: Buffer[] = [mti, ...maps];
  let third = frame.tertiary === 'as-field-65' && hasField(words, 65);
  for (const { number, bytes } of written) {
    if (third && number > 65) {
      parts.push(encodeBitmap(frame, words, 2));
      third = false;
    }
    parts.push(bytes);
  }
  // What was left out of this message fits into another of the same kind.
  if (written.length === numbers.length) {
    const others = frame.header ? 1 : 0;
    fast?.packed(message, numbers, absent, words, Buffer.concat([mti, ...maps]), others);
  }
  if (!frame.header) return Buffer.concat(parts);
  const textBytes = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([frame.header.encode(message.header, textBytes), ...parts]);
}

interface Written {
  readonly number: number;
  readonly bytes: Buffer;
}

/** Nothing where the value cannot be written and its policy lets it be left out. */
function writtenField(frame: Frame, number: number, message: AnyMessage): readonly Written[] {
  const { fields, fillers, tolerance } = frame;
  const codec = fillers.codecOf(message, number) ?? (fields.get(number) as FieldCodec);
  try {
    return [{ number, bytes: codec.encode(message[elementOf(number)]) }];
  } catch (error) {
    const mayBeLeftOut = tolerance.leavesOut && (tolerance.elements[number] ?? 'refuse') !== 'refuse';
    if (!(error instanceof IsoError) || !mayBeLeftOut) throw error;
    tolerance.onDropped?.(`DE${number}`, error);
    return [];
  }
}

function bitmapOf(frame: Frame, written: readonly Written[]): BitWords {
  const words = noFields();
  for (const { number } of written) setField(words, number);
  announceBitmaps(frame, words);
  return words;
}

function presentFields(frame: Frame, message: AnyMessage) {
  const words = noFields();
  const absent: string[] = [];
  for (const property of Object.keys(message)) {
    if (property === 'mti' || (property === 'header' && frame.dialect.header)) continue;
    const value = message[property];
    const number = frame.numbers.get(property);
    if (value === undefined && (number !== undefined || property === 'header')) {
      absent.push(property);
      continue;
    }
    if (number === undefined) {
      throw new IsoError('ISO_FIELD_UNDEFINED', {
        path: property,
        expected: 'only defined fields',
        found: property,
      });
    }
    setField(words, number);
  }
  const numbers = fieldsOf(words);
  if (numbers.length === 0 && frame.strictness.emptyBitmap === 'reject') {
    throw new IsoError('ISO_BITMAP_EMPTY', { path: 'bitmap', expected: 'at least one field', found: 'none' });
  }
  return { numbers, absent };
}

function elementOf(number: number): string {
  return ELEMENTS[number] ?? '';
}

/** Sets the bits that stand for further bitmaps. */
function announceBitmaps(frame: Frame, words: BitWords): void {
  const { secondary } = frame.dialect.bitmap;
  if (words[4] !== 0 || words[5] !== 0) setField(words, 65);
  const beyond = words[2] !== 0 || words[3] !== 0;
  if (beyond && secondary === 'never') {
    throw new IsoError('ISO_FIELD_UNDEFINED', {
      path: 'bitmap',
      expected: 'fields 2 to 64',
      found: 'one beyond',
    });
  }
  if (secondary === 'always' || (beyond && secondary !== 'joined')) setField(words, 1);
}

function encodeBitmaps(frame: Frame, words: BitWords): Buffer[] {
  const maps = [encodeBitmap(frame, words, 0)];
  if (hasField(words, 1) || frame.dialect.bitmap.secondary === 'joined') {
    maps.push(encodeBitmap(frame, words, 1));
  }
  if (frame.tertiary === 'after-secondary' && hasField(words, 65)) maps.push(encodeBitmap(frame, words, 2));
  return maps;
}

function encodeBitmap(frame: Frame, words: BitWords, level: 0 | 1 | 2): Buffer {
  const codec = frame.bitmaps[level];
  const out = Buffer.allocUnsafe(codec.bytes);
  codec.write(words, level, out, 0);
  return out;
}

function macSlot(frame: Frame, packed: Buffer): MacSlot | undefined {
  const place = macPlace(frame, packed);
  if (!place) return undefined;
  const wire = packed.subarray(place.at, packed.length);
  return {
    covered: packed.subarray(place.textStart, place.at),
    mac: place.hex ? Buffer.from(wire.toString('latin1'), 'hex') : wire,
  };
}

function setMac(frame: Frame, packed: Buffer, mac: Uint8Array): void {
  const place = macPlace(frame, packed);
  const size = place ? (packed.length - place.at) / (place.hex ? 2 : 1) : 0;
  if (!place || mac.length !== size) {
    throw new IsoError('ISO_VALUE', {
      path: 'MAC',
      expected: place ? `${size} bytes` : 'a message whose last field is DE64 or DE128',
      found: place ? `${mac.length}` : 'another',
    });
  }
  if (place.hex) packed.write(Buffer.from(mac).toString('hex').toUpperCase(), place.at, 'latin1');
  else packed.set(mac, place.at);
}

/** Where the MAC field starts; it is the last of the message, so no field before it is read. */
function macPlace(frame: Frame, packed: Buffer): { textStart: number; at: number; hex: boolean } | undefined {
  const cursor = new Cursor(packed, 0, packed.length, frame.strictness);
  try {
    frame.header?.read(cursor);
    const textStart = cursor.at;
    frame.mti.read(cursor);
    const words = readBitmaps(frame, cursor);
    const last = lastField(words);
    const field = frame.dialect.fields[last];
    if ((last !== 64 && last !== 128) || field?.content !== 'b' || !('fixed' in field.length)) {
      return undefined;
    }
    const hex = field.encoding === 'hex' || field.encoding === 'hex-lower';
    const at = packed.length - field.length.fixed * (hex ? 2 : 1);
    return at < cursor.at || field.encoding === 'ebcdic-hex' ? undefined : { textStart, at, hex };
  } catch (error) {
    if (error instanceof IsoError) return undefined;
    throw error;
  }
}

function lastField(words: BitWords): number {
  for (let number = LAST_FIELD; number >= 2; number--) if (hasField(words, number)) return number;
  return 0;
}
