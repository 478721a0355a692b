import { IsoError } from '../errors.ts';
import { Sensitive } from './mask.ts';

/**
 * An encrypted PIN block as it stood on the wire (ISO 9564-1): 8 bytes, or 16 for format 4.
 * It is never a string: `reveal()` copies the bytes.
 */
export class PinBlock extends Sensitive {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  private constructor(bytes: Uint8Array, start: number, end: number) {
    super();
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** @throws {IsoError} ISO_VALUE unless 8 or 16 bytes */
  static of(bytes: Uint8Array): PinBlock {
    if (bytes.length !== 8 && bytes.length !== 16) {
      throw new IsoError('ISO_VALUE', {
        path: 'PIN block',
        expected: '8 or 16 bytes',
        found: `${bytes.length}`,
      });
    }
    return new PinBlock(Buffer.from(bytes), 0, bytes.length);
  }

  /** For the codec: a view of the received bytes, not a copy. */
  static fromWire(bytes: Uint8Array, start: number, end: number): PinBlock {
    return new PinBlock(bytes, start, end);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  reveal(): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#start, this.#end));
  }

  /** Writes the block into `target` without an intermediate copy. */
  copyTo(target: Uint8Array, at: number): void {
    for (let i = this.#start, to = at; i < this.#end; i++, to++) target[to] = this.#bytes[i] ?? 0;
  }

  masked(): string {
    return '***PIN block***';
  }
}
