import { Bytes } from '../bytes.ts';
import { Cursor } from '../cursor.ts';
import type { Dialect } from '../dialect.ts';
import { hexDigit } from '../fields/binary.ts';
import type { FieldCodec } from '../fields/codecs.ts';
import { contentTable } from '../fields/contents.ts';
import { AccountNumber } from '../sensitive/account.ts';
import { CardVerificationValue } from '../sensitive/card-verification-value.ts';
import { Pan } from '../sensitive/pan.ts';
import { PinBlock } from '../sensitive/pin-block.ts';
import { Secret } from '../sensitive/secret.ts';
import { Track1, Track2, Track3 } from '../sensitive/tracks.ts';
import type { Strictness } from '../strictness.ts';
import type { ElementPolicy } from '../tolerance.ts';
import { HotCache } from './cache.ts';
import { type FastField, fastField, type SlowField } from './fast-field.ts';
import { packerSource } from './packer.ts';
import { parserSource } from './parser.ts';
import * as tables from './tables.ts';
import * as writers from './writers.ts';

type Parser = (bytes: Buffer, end: number, mti: string) => object | undefined;
type Packer = (message: object, properties: number) => Buffer | undefined;

/**
 * The codes generated for a dialect, one for each bitmap or set of properties that keeps coming. They know nothing of a
 * header: they read what stands behind it, and make what it is written in front of.
 */
export interface FastPath {
  /** undefined: read the message with the table-driven codec. */
  parse(bytes: Buffer): object | undefined;
  /**
   * undefined: pack the message with the table-driven codec.
   * @param others properties that the message has besides its type and its elements
   */
  pack(message: { readonly mti: string }, others?: number): Buffer | undefined;
  /**
   * After the table-driven codec packed a message.
   * @param absent properties that were undefined
   * @param words its bitmap
   * @param start its bytes from the message type on, before the first field
   * @param others properties that it has besides its type and its elements
   */
  packed(
    message: { readonly mti: string },
    numbers: readonly number[],
    absent: readonly string[],
    words: readonly number[],
    start: Uint8Array,
    others?: number,
  ): void;
  /** How many codes are held. */
  readonly size: number;
}

const buckets = 64;
const bucketSize = 4;
/** Sets of four: the most codes held for each direction is 128. */
const sets = 32;

interface Makers {
  parser(numbers: readonly number[], firstByte: number): Parser;
  packer(mti: string, numbers: readonly number[], absent: readonly string[], start: Uint8Array): Packer;
}

/**
 * Undefined where the dialect has a message type in EBCDIC or bitmaps of an unusual kind; and where the process
 * forbids code generation. A third bitmap is no hindrance as long as no message has one.
 */
export function fastPath(
  dialect: Dialect,
  codecs: ReadonlyMap<number, FieldCodec>,
  strictness: Strictness,
  policies: Readonly<Record<number, ElementPolicy>> = {},
): FastPath | undefined {
  const { encoding } = dialect.mti;
  const { encoding: bitmapEncoding, extension, secondary, tertiary } = dialect.bitmap;
  const hasUsualThird = tertiary === undefined || tertiary === 'after-secondary';
  const unusual = !hasUsualThird || extension || secondary === 'never' || secondary === 'joined';
  if (unusual || (bitmapEncoding !== 'binary' && bitmapEncoding !== 'hex')) return undefined;
  if ((encoding !== 'ascii' && encoding !== 'bcd') || !mayGenerate()) return undefined;
  const make = makers(dialect, codecs, strictness, policies);
  return new GeneratedPath({ mti: encoding, bitmap: bitmapEncoding, hasThird: tertiary !== undefined }, make);
}

interface Shape {
  readonly mti: 'ascii' | 'bcd';
  readonly bitmap: 'binary' | 'hex';
  /** Whether bit 65 says that a third bitmap follows. */
  readonly hasThird: boolean;
}

class GeneratedPath implements FastPath {
  readonly #bcdMti: boolean;
  readonly #hexBitmap: boolean;
  readonly #hasThird: boolean;
  readonly #makers: Makers;
  readonly #parsers = new HotCache<Parser>(sets);
  readonly #packers = new HotCache<Packer>(sets);
  /** The packers worth trying for a message type and a number of properties; each knows whether it fits. */
  readonly #buckets: (Packer[] | undefined)[] = new Array<Packer[] | undefined>(buckets).fill(undefined);

  /** The packer that fitted last: messages of one kind often come in a row. */
  #last: Packer | undefined;

  constructor({ mti, bitmap, hasThird }: Shape, make: Makers) {
    this.#bcdMti = mti === 'bcd';
    this.#hexBitmap = bitmap === 'hex';
    this.#hasThird = hasThird;
    this.#makers = make;
  }

  get size(): number {
    return this.#parsers.size + this.#packers.size;
  }

  parse(bytes: Buffer): object | undefined {
    const mtiBytes = this.#bcdMti ? 2 : 4;
    const mapBytes = this.#hexBitmap ? 16 : 8;
    if (bytes.length < mtiBytes + 2 * mapBytes) return undefined;
    const mti = this.#bcdMti ? bcdMti(bytes) : asciiMti(bytes);
    if (mti === undefined) return undefined;
    const word = this.#hexBitmap ? hexWord : binaryWord;
    const size = mapBytes / 2;
    const w0 = word(bytes, mtiBytes);
    const w1 = word(bytes, mtiBytes + size);
    const second = w0 < 0;
    const w2 = second ? word(bytes, mtiBytes + 2 * size) : 0;
    const w3 = second ? word(bytes, mtiBytes + 3 * size) : 0;
    if (Number.isNaN(w0 + w1 + w2 + w3) || (this.#hasThird && w2 < 0)) return undefined;
    const parser = this.#parsers.get(w0, w1, w2, w3);
    if (parser) return parser(bytes, bytes.length, mti);
    if (this.#parsers.miss(w0, w1, w2, w3)) {
      const numbers = fieldNumbers([w0, w1, w2, w3]);
      const made = numbers && this.#makers.parser(numbers, mtiBytes + (second ? 2 : 1) * mapBytes);
      if (made) this.#parsers.set(w0, w1, w2, w3, made);
    }
    return undefined;
  }

  pack(message: { readonly mti: string }, others = 0): Buffer | undefined {
    const { mti } = message;
    if (typeof mti !== 'string' || mti.length !== 4) return undefined;
    const properties = propertyCount(message) - others;
    const again = this.#last?.(message, properties);
    if (again !== undefined) return again;
    const bucket = this.#buckets[bucketOf(mti, properties)];
    if (!bucket) return undefined;
    // By index: an iterator would cost as much as packing a field.
    for (let i = 0; i < bucket.length; i++) {
      const packed = bucket[i]?.(message, properties);
      if (packed === undefined) continue;
      this.#last = bucket[i];
      return packed;
    }
    return undefined;
  }

  packed(
    message: { readonly mti: string },
    numbers: readonly number[],
    absent: readonly string[],
    words: readonly number[],
    start: Uint8Array,
    others = 0,
  ): void {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
    if (this.#hasThird && w2 < 0) return;
    const last = w3 ^ mtiKey(message.mti);
    let packer = this.#packers.get(w0, w1, w2, last);
    if (!packer) {
      if (!this.#packers.miss(w0, w1, w2, last)) return;
      packer = this.#makers.packer(message.mti, numbers, absent, start);
      this.#packers.set(w0, w1, w2, last, packer);
    }
    const slot = bucketOf(message.mti, propertyCount(message) - others);
    const rest = (this.#buckets[slot] ?? []).filter((other) => other !== packer);
    this.#buckets[slot] = [packer, ...rest.slice(0, bucketSize - 1)];
  }
}

function makers(
  dialect: Dialect,
  codecs: ReadonlyMap<number, FieldCodec>,
  strictness: Strictness,
  policies: Readonly<Record<number, ElementPolicy>>,
): Makers {
  const environment = {
    ...tables,
    ...writers,
    contentTable,
    codecs,
    strictness,
    trackNibbleOf,
    Buffer,
    Bytes,
    Cursor,
    Pan,
    PinBlock,
    CardVerificationValue,
    AccountNumber,
    Secret,
    Track1,
    Track2,
    Track3,
  };
  const described = (number: number): FastField | SlowField => {
    const field = dialect.fields[number];
    return field ? fastField(number, field, policies[number]) : { number, wire: 'other' };
  };
  return {
    parser(numbers, firstByte) {
      const known = numbers.every((number) => codecs.has(number));
      if (!known) return () => undefined;
      return evaluate(parserSource(numbers.map(described), firstByte), environment) as Parser;
    },
    packer: (mti, numbers, absent, start) =>
      evaluate(packerSource(numbers.map(described), absent, mti, start), environment) as Packer,
  };
}

/**
 * The sources hold numbers, limits and names of the dialect, and a message type that the table-driven codec has
 * checked.
 */
function evaluate(source: string, environment: object): unknown {
  return new Function(...Object.keys(environment), source)(...Object.values(environment));
}

function mayGenerate(): boolean {
  try {
    new Function('');
    return true;
  } catch {
    return false;
  }
}

function propertyCount(message: object): number {
  let count = 0;
  for (const _ in message) count++;
  return count;
}

/** Class, function and size tell messages apart; versions and origins of one share a bucket. */
function bucketOf(mti: string, properties: number): number {
  const hash = mti.charCodeAt(1) * 5 + mti.charCodeAt(2) * 11 + properties * 7;
  return hash & (buckets - 1);
}

function mtiKey(mti: string): number {
  return (
    (mti.charCodeAt(1) << 20) ^ (mti.charCodeAt(2) << 10) ^ mti.charCodeAt(3) ^ (mti.charCodeAt(0) << 26)
  );
}

function asciiMti(bytes: Buffer): string | undefined {
  const m0 = (bytes[0] ?? 0) - 48;
  const m1 = (bytes[1] ?? 0) - 48;
  const m2 = (bytes[2] ?? 0) - 48;
  const m3 = (bytes[3] ?? 0) - 48;
  if ((m0 | (9 - m0) | m1 | (9 - m1) | m2 | (9 - m2) | m3 | (9 - m3)) < 0) return undefined;
  return knownMtiText(m0 * 1000 + m1 * 100 + m2 * 10 + m3);
}

function bcdMti(bytes: Buffer): string | undefined {
  const high = tables.bcdPair[bytes[0] ?? 0] ?? -1;
  const low = tables.bcdPair[bytes[1] ?? 0] ?? -1;
  return (high | low) < 0 ? undefined : knownMtiText(high * 100 + low);
}

function knownMtiText(number: number): string | undefined {
  return tables.knownMti[number] === 1 ? tables.digits4[number] : undefined;
}

function binaryWord(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}

/** NaN when a digit is not hex. */
function hexWord(bytes: Buffer, at: number): number {
  let word = 0;
  for (let i = 0; i < 8; i++) {
    const digit = hexDigit(bytes[at + i] ?? 0);
    if (digit < 0) return Number.NaN;
    word = (word << 4) | digit;
  }
  return word;
}

/**
 * The fields a bitmap of 128 bits names; undefined when it names none, or a bit the generated code leaves to the
 * tables.
 */
function fieldNumbers(words: readonly number[]): number[] | undefined {
  const numbers: number[] = [];
  for (let number = 2; number <= 128; number++) {
    if ((words[(number - 1) >> 5] ?? 0) << ((number - 1) & 31) < 0) numbers.push(number);
  }
  return numbers.length > 0 ? numbers : undefined;
}

function trackNibbleOf(code: number): number {
  return code > 255 ? -1 : (tables.trackNibble[code] ?? -1);
}
