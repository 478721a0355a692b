import { IsoError } from './errors.ts';

/**
 * The value of a binary field: a view of the received bytes that costs no allocation until it is read.
 * It keeps the whole received message alive; `copy()` what must outlive it.
 */
export class Bytes {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;

  private constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** Wraps `bytes` without copying. */
  static of(bytes: Uint8Array): Bytes {
    return new Bytes(asBuffer(bytes), 0, bytes.length);
  }

  /** @throws {IsoError} ISO_VALUE unless an even number of hex digits */
  static fromHex(hex: string): Bytes {
    // Buffer.from stops at the first character that is no hex digit.
    const bytes = Buffer.from(hex, 'hex');
    if (bytes.length * 2 !== hex.length) {
      throw new IsoError('ISO_VALUE', {
        path: 'bytes',
        expected: 'an even number of hex digits',
        found: `${hex.length} characters`,
      });
    }
    return new Bytes(bytes, 0, bytes.length);
  }

  static view(bytes: Buffer, start: number, end: number): Bytes {
    return new Bytes(bytes, start, end);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** A Buffer over the same memory. */
  buffer(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  copy(): Bytes {
    return Bytes.of(Buffer.from(this.buffer()));
  }

  copyTo(target: Uint8Array, at: number): void {
    if (this.#end - this.#start > 32) this.#bytes.copy(target, at, this.#start, this.#end);
    else for (let i = this.#start, to = at; i < this.#end; i++, to++) target[to] = this.#bytes[i] ?? 0;
  }

  /** The offset of this view in `whole`, or undefined when it looks into other memory. */
  placeIn(whole: Buffer): number | undefined {
    return this.#bytes === whole ? this.#start : undefined;
  }

  /** Upper-case hex. */
  hex(): string {
    return this.buffer().toString('hex').toUpperCase();
  }

  equals(other: Bytes | Uint8Array): boolean {
    return this.buffer().equals(other instanceof Bytes ? other.buffer() : other);
  }

  /** Only the length: chip data holds card numbers, so printing the content takes a call to `hex()`. */
  toString(): string {
    return `(${this.length} bytes)`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
