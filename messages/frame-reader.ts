import { IsoError } from './errors.ts';

/**
 * Called for every complete frame; `header` is there where the framing has one. The buffers may share memory with the
 * chunk.
 */
export type OnFrame = (body: Buffer, header?: Buffer) => void;

export interface FrameReader {
  /**
   * Takes the next bytes of the stream and calls `onFrame` for every frame they complete.
   * @throws {IsoError} ISO_FRAME_TOO_LONG or ISO_FRAME_LENGTH; the stream is then out of step: close the connection
   */
  push(chunk: Buffer, onFrame: OnFrame): void;
  /** The stream ended: gives up the frame that only the end closes. @throws {IsoError} ISO_TRUNCATED inside a frame */
  end(onFrame: OnFrame): void;
  /** Bytes of an unfinished frame held back. */
  readonly pending: number;
}

/** A framing, ready to read and write. */
export interface Frame {
  readonly prefixBytes: number;
  readonly headerBytes: number;
  readonly trailer: Buffer;
  readonly polls: boolean;
  /** No length: the stream is one frame. */
  readonly wholeStream: boolean;
  /** Largest number of bytes after the prefix. */
  readonly max: number;
  /** Bytes after the prefix, as the prefix says. */
  read(prefix: Buffer): number;
  write(bytesAfter: number, out: Buffer): void;
}

/**
 * Cuts a stream into frames. A frame inside one chunk is handed up without a copy; one across chunks is copied once.
 */
export class StreamReader implements FrameReader {
  readonly #shape: Frame;
  readonly #maxFrameBytes: number;
  readonly #prefix: Buffer;
  #prefixFilled = 0;
  /** The frame being gathered, and how much of it has come. */
  #frame: Buffer | undefined;
  #filled = 0;

  constructor(shape: Frame, maxFrameBytes: number) {
    this.#shape = shape;
    this.#maxFrameBytes = maxFrameBytes;
    this.#prefix = Buffer.alloc(shape.prefixBytes);
  }

  get pending(): number {
    return this.#prefixFilled + this.#filled;
  }

  push(chunk: Buffer, onFrame: OnFrame): void {
    if (this.#shape.wholeStream) this.#keep(chunk);
    let at = this.#shape.wholeStream ? chunk.length : 0;
    while (at < chunk.length) {
      if (this.#frame) at = this.#gather(this.#frame, chunk, at, onFrame);
      else at = this.#begin(chunk, at, onFrame);
    }
  }

  end(onFrame: OnFrame): void {
    const { wholeStream, headerBytes, trailer } = this.#shape;
    if (wholeStream && this.#frame && this.#filled >= headerBytes + trailer.length) {
      const frame = this.#frame.subarray(0, this.#filled);
      this.#frame = undefined;
      this.#filled = 0;
      this.#emit(frame, onFrame);
    }
    if (this.pending > 0) {
      throw new IsoError('ISO_TRUNCATED', {
        path: 'frame',
        expected: 'a whole frame',
        found: `${this.pending} bytes`,
      });
    }
  }

  /** Gathers a stream that is one frame. Room doubles, so that many small chunks are not copied over and over. */
  #keep(chunk: Buffer): void {
    const filled = this.#filled + chunk.length;
    this.#checkMax(filled);
    if (!this.#frame) this.#frame = chunk;
    else {
      if (this.#frame.length < filled) {
        const roomy = Buffer.allocUnsafeSlow(Math.min(this.#maxFrameBytes, 2 * filled));
        this.#frame.copy(roomy, 0, 0, this.#filled);
        this.#frame = roomy;
      }
      chunk.copy(this.#frame, this.#filled);
    }
    this.#filled = filled;
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
    const { headerBytes, trailer } = this.#shape;
    const length = this.#shape.read(this.#prefix);
    this.#checkMax(length);
    const least = headerBytes + trailer.length;
    // A length of zero keeps a line alive: such a frame has not even the header.
    const isKeepAlive = length === 0 && trailer.length === 0;
    if (length < least && !isKeepAlive) throw badLength(`at least ${least}`, String(length));
    return length;
  }

  #checkMax(length: number): void {
    if (length <= this.#maxFrameBytes) return;
    throw new IsoError('ISO_FRAME_TOO_LONG', {
      path: 'frame',
      expected: `${this.#maxFrameBytes} bytes`,
      found: String(length),
    });
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
    const { headerBytes, trailer, polls } = this.#shape;
    const bodyEnd = frame.length - trailer.length;
    if (frame.compare(trailer, 0, trailer.length, bodyEnd) !== 0) {
      throw badLength(`the trailer ${trailer.toString('hex')}`, 'other bytes');
    }
    const body = frame.subarray(headerBytes, bodyEnd);
    if (body.length === 0 && !polls) return;
    if (headerBytes > 0) onFrame(body, frame.subarray(0, headerBytes));
    else onFrame(body);
  }
}

export function badLength(expected: string, found: string): IsoError {
  return new IsoError('ISO_FRAME_LENGTH', { path: 'frame', expected, found });
}
