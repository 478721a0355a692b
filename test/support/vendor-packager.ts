/**
 * What a vendor has: the classes of jPOS that the packager files of docs/jpos name, and those of its stock
 * ISO87APackager, written anew from what they are documented to do. It shares nothing with our codec, so that what the
 * files say is held to what the switch takes.
 */
import { readFileSync } from 'node:fs';

/** Element by number, 0 being the MTI; binary ones in hex. */
export type Fields = Readonly<Record<number, string>>;

interface Piece {
  readonly kind: string;
  readonly length: number;
}

export class VendorPackager {
  readonly #pieces: ReadonlyMap<number, Piece>;

  private constructor(pieces: ReadonlyMap<number, Piece>) {
    this.#pieces = pieces;
  }

  /** `GenericPackager` with a file. */
  static ofFile(path: string): VendorPackager {
    const fields = readFileSync(path, 'utf8').matchAll(
      /<isofield id="(\d+)" length="(\d+)" name="[^"]*" class="org\.jpos\.iso\.(\w+)"/g,
    );
    return new VendorPackager(
      new Map([...fields].map(([, id, length, kind = '']) => [Number(id), { kind, length: Number(length) }])),
    );
  }

  /** `ISO87APackager` as jPOS ships it, of the elements that a purchase and an echo have. */
  static iso87A(): VendorPackager {
    const numeric = { 3: 6, 4: 12, 7: 10, 11: 6, 12: 6, 13: 4, 14: 4, 22: 3, 25: 2, 70: 3 };
    const text = { 37: 12, 38: 6, 39: 2, 41: 8, 42: 15, 49: 3 };
    const of = (kind: string, lengths: object) =>
      Object.entries(lengths).map(([id, length]) => [Number(id), { kind, length }] as const);
    return new VendorPackager(
      new Map([
        ...of('IFA_NUMERIC', { 0: 4, ...numeric }),
        ...of('IF_CHAR', text),
        ...of('IFA_LLNUM', { 2: 19 }),
        ...of('IFA_BITMAP', { 1: 16 }),
        ...of('IFA_BINARY', { 52: 8, 64: 8, 128: 8 }),
      ]),
    );
  }

  pack(fields: Fields): Buffer {
    const numbers = Object.keys(fields)
      .map(Number)
      .filter((id) => id > 0);
    const isLong = numbers.some((id) => id > 64);
    const bits = Buffer.alloc(isLong ? 16 : 8);
    for (const id of isLong ? [1, ...numbers] : numbers) {
      bits.writeUInt8(bits.readUInt8((id - 1) >> 3) | (0x80 >> ((id - 1) & 7)), (id - 1) >> 3);
    }
    const isHex = this.#piece(1).kind === 'IFA_BITMAP';
    const bitmap = isHex ? Buffer.from(bits.toString('hex').toUpperCase()) : bits;
    return Buffer.concat([
      written(this.#piece(0), fields[0] ?? ''),
      bitmap,
      ...numbers.map((id) => written(this.#piece(id), fields[id] ?? '')),
    ]);
  }

  unpack(bytes: Buffer): Record<number, string> {
    const reader = new Reader(bytes);
    const fields: Record<number, string> = { 0: reader.read(this.#piece(0)) };
    const isHex = this.#piece(1).kind === 'IFA_BITMAP';
    const eight = () => (isHex ? Buffer.from(reader.take(16).toString('latin1'), 'hex') : reader.take(8));
    let bits = eight();
    if (bits.readUInt8(0) & 0x80) bits = Buffer.concat([bits, eight()]);
    for (let id = 2; id <= bits.length * 8; id += 1) {
      if (bits.readUInt8((id - 1) >> 3) & (0x80 >> ((id - 1) & 7))) fields[id] = reader.read(this.#piece(id));
    }
    if (!reader.isAtEnd()) throw new Error('the message is longer than its elements');
    return fields;
  }

  #piece(id: number): Piece {
    const piece = this.#pieces.get(id);
    if (!piece) throw new Error(`the packager has no element ${id}`);
    return piece;
  }
}

const even = (digits: string) => (digits.length % 2 === 0 ? digits : `0${digits}`);
const bcd = (digits: string) => Buffer.from(even(digits), 'hex');

function written({ kind, length }: Piece, value: string): Buffer {
  if (kind === 'IF_CHAR') return Buffer.from(value.padEnd(length));
  if (kind === 'IFA_NUMERIC') return Buffer.from(value.padStart(length, '0'));
  if (kind === 'IFB_NUMERIC') return bcd(value.padStart(length, '0'));
  if (kind === 'IFA_LLNUM') return Buffer.from(String(value.length).padStart(2, '0') + value);
  if (kind === 'IFB_LLNUM') return Buffer.concat([bcd(String(value.length)), bcd(value)]);
  if (kind === 'IFB_BINARY') return Buffer.from(value, 'hex');
  if (kind === 'IFA_BINARY') return Buffer.from(value);
  throw new Error(`no element is written as ${kind}`);
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new Error('the message ends too early');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  read({ kind, length }: Piece): string {
    if (kind === 'IF_CHAR' || kind === 'IFA_NUMERIC') return this.take(length).toString('latin1');
    if (kind === 'IFB_NUMERIC') return this.#digits(length);
    if (kind === 'IFA_LLNUM') return this.take(Number(this.take(2).toString('latin1'))).toString('latin1');
    if (kind === 'IFB_LLNUM') return this.#digits(Number(this.take(1).toString('hex')));
    if (kind === 'IFB_BINARY') return this.take(length).toString('hex');
    if (kind === 'IFA_BINARY') return this.take(2 * length).toString('latin1');
    throw new Error(`no element is read as ${kind}`);
  }

  #digits(count: number): string {
    return this.take((count + 1) >> 1)
      .toString('hex')
      .slice(-count);
  }
}
