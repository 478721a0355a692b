import { IsoError } from './errors.ts';

/** Called for every complete frame; `header` is there where the framing has one. The buffers may share memory with the chunk. */
export type OnFrame = (body: Buffer, header?: Buffer) => void;

export interface FrameReader {
  /**
   * Takes the next bytes of the stream and calls `onFrame` for every frame they complete.
   * @throws {IsoError} ISO_FRAME_TOO_LONG or ISO_FRAME_LENGTH; the stream is then out of step: close the connection
   */
  push(chunk: Buffer, onFrame: OnFrame): void;
  /** Bytes of an unfinished frame held back. */
  readonly pending: number;
}

export interface Framing {
  readonly name: FramingName;
  /** One frame around `body`; `header` where the framing has one (default: a TPDU with both addresses zero). */
  encode(body: Uint8Array, header?: Uint8Array): Buffer;
  reader(limits: { maxFrameBytes: number }): FrameReader;
  /** The header of the reply to a frame: TPDU addresses swapped; other headers unchanged. */
  replyHeader(header: Buffer): Buffer;
}

/** A frame is a length, perhaps more bytes of prefix, a header, and the body. */
interface FrameShape {
  readonly prefixBytes: number;
  /** Bytes after the prefix, header included. Throws on a prefix that is no length. */
  readLength(prefix: Buffer): number;
  /** @param length of header and body together */
  writeLength(length: number, out: Buffer): void;
  readonly headerBytes: number;
  /** Largest length the prefix can write. */
  readonly max: number;
  /** An empty frame has a meaning (a poll) and goes up. */
  readonly polls?: boolean;
}

const shapes = {
  'length-2': { prefixBytes: 2, headerBytes: 0, max: 0xffff, ...binaryLength(2) },
  'length-2-tpdu': { prefixBytes: 2, headerBytes: 5, max: 0xffff, ...binaryLength(2) },
  'length-4-ascii': { prefixBytes: 4, headerBytes: 0, max: 9999, ...asciiLength(4) },
  visa: {
    prefixBytes: 4,
    headerBytes: 0,
    max: 0xffff,
    polls: true,
    readLength(prefix: Buffer): number {
      if (prefix.readUInt16BE(2) !== 0) throw badLength('two zero bytes after the length', 'others');
      return prefix.readUInt16BE(0);
    },
    writeLength(length: number, out: Buffer): void {
      out.writeUInt16BE(length, 0);
      out.writeUInt16BE(0, 2);
    },
  },
} as const satisfies Record<string, FrameShape>;

export type FramingName = keyof typeof shapes;

export const framingNames = Object.keys(shapes) as FramingName[];

/** @throws {IsoError} ISO_DIALECT when there is no framing of that name */
export function framing(name: FramingName): Framing {
  const shape: FrameShape | undefined = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
  if (!shape)
    throw new IsoError('ISO_DIALECT', {
      path: 'frame',
      expected: framingNames.join(', '),
      found: String(name),
    });
  return {
    name,
    encode: (body, header) => encode(shape, body, header),
    reader: ({ maxFrameBytes }) => new Reader(shape, maxFrameBytes),
    replyHeader: (header) => (shape.headerBytes === tpduBytes ? swapTpdu(header) : Buffer.from(header)),
  };
}

function encode(shape: FrameShape, body: Uint8Array, header?: Uint8Array): Buffer {
  const length = shape.headerBytes + body.length;
  if (length > shape.max)
    throw new IsoError('ISO_FRAME_TOO_LONG', {
      path: 'frame',
      expected: `${shape.max} bytes`,
      found: `${length}`,
    });
  if (header && header.length !== shape.headerBytes)
    throw new IsoError('ISO_HEADER', {
      path: 'frame',
      expected: `${shape.headerBytes} bytes`,
      found: `${header.length}`,
    });
  const out = Buffer.allocUnsafe(shape.prefixBytes + length);
  shape.writeLength(length, out);
  if (header) out.set(header, shape.prefixBytes);
  else if (shape.headerBytes > 0) out.set(emptyTpdu, shape.prefixBytes);
  out.set(body, shape.prefixBytes + shape.headerBytes);
  return out;
}

const tpduBytes = 5;
const emptyTpdu = Uint8Array.of(0x60, 0, 0, 0, 0);

/** TPDU: 0x60, destination, source. A reply swaps the two addresses (ISO 8583 over NAC, in general use). */
function swapTpdu(header: Buffer): Buffer {
  const reply = Buffer.from(header);
  header.copy(reply, 1, 3, 5);
  header.copy(reply, 3, 1, 3);
  return reply;
}

/** Cuts a stream into frames. A frame inside one chunk is handed up without a copy; one across chunks is copied once. */
class Reader implements FrameReader {
  readonly #shape: FrameShape;
  readonly #maxFrameBytes: number;
  readonly #prefix: Buffer;
  #prefixFilled = 0;
  /** The frame being gathered, and how much of it has come. */
  #frame: Buffer | undefined;
  #filled = 0;

  constructor(shape: FrameShape, maxFrameBytes: number) {
    this.#shape = shape;
    this.#maxFrameBytes = maxFrameBytes;
    this.#prefix = Buffer.alloc(shape.prefixBytes);
  }

  get pending(): number {
    return this.#prefixFilled + this.#filled;
  }

  push(chunk: Buffer, onFrame: OnFrame): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame) at = this.#gather(this.#frame, chunk, at, onFrame);
      else at = this.#begin(chunk, at, onFrame);
    }
  }

  #begin(chunk: Buffer, from: number, onFrame: OnFrame): number {
    const wanted = Math.min(this.#shape.prefixBytes - this.#prefixFilled, chunk.length - from);
    chunk.copy(this.#prefix, this.#prefixFilled, from, from + wanted);
    this.#prefixFilled += wanted;
    const at = from + wanted;
    if (this.#prefixFilled < this.#shape.prefixBytes) return at;
    const length = this.#checkedLength();
    this.#prefixFilled = 0;
    if (chunk.length - at >= length) {
      this.#emit(chunk.subarray(at, at + length), onFrame);
      return at + length;
    }
    this.#frame = Buffer.allocUnsafeSlow(length);
    this.#filled = 0;
    return at;
  }

  #checkedLength(): number {
    const length = this.#shape.readLength(this.#prefix);
    if (length > this.#maxFrameBytes)
      throw new IsoError('ISO_FRAME_TOO_LONG', {
        path: 'frame',
        expected: `${this.#maxFrameBytes} bytes`,
        found: String(length),
      });
    if (length < this.#shape.headerBytes)
      throw badLength(`at least ${this.#shape.headerBytes}`, String(length));
    return length;
  }

  #gather(frame: Buffer, chunk: Buffer, at: number, onFrame: OnFrame): number {
    const wanted = Math.min(frame.length - this.#filled, chunk.length - at);
    chunk.copy(frame, this.#filled, at, at + wanted);
    this.#filled += wanted;
    if (this.#filled === frame.length) {
      this.#frame = undefined;
      this.#filled = 0;
      this.#emit(frame, onFrame);
    }
    return at + wanted;
  }

  #emit(frame: Buffer, onFrame: OnFrame): void {
    const { headerBytes, polls } = this.#shape;
    if (headerBytes > 0) onFrame(frame.subarray(headerBytes), frame.subarray(0, headerBytes));
    else if (frame.length > 0 || polls) onFrame(frame);
  }
}

function binaryLength(bytes: number) {
  return {
    readLength: (prefix: Buffer) => prefix.readUIntBE(0, bytes),
    writeLength: (length: number, out: Buffer) => {
      out.writeUIntBE(length, 0, bytes);
    },
  };
}

function asciiLength(digits: number) {
  return {
    readLength(prefix: Buffer): number {
      const text = prefix.toString('latin1', 0, digits);
      if (!/^[0-9]+$/.test(text))
        throw badLength(`${digits} digits`, `0x${prefix.toString('hex', 0, digits)}`);
      return Number(text);
    },
    writeLength(length: number, out: Buffer): void {
      out.write(String(length).padStart(digits, '0'), 0, 'latin1');
    },
  };
}

function badLength(expected: string, found: string): IsoError {
  return new IsoError('ISO_FRAME_LENGTH', { path: 'frame', expected, found });
}
