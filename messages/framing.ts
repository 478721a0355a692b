import { IsoError } from './errors.ts';
import { badLength, type Frame, type FrameReader, StreamReader } from './frame-reader.ts';

export type { FrameReader, OnFrame } from './frame-reader.ts';

export interface Framing {
  readonly name: string;
  /** One frame around `body`; `header` where the framing has one (default: a TPDU with both addresses zero). */
  encode(body: Uint8Array, header?: Uint8Array): Buffer;
  /** @param limits.maxFrameBytes the most bytes after the length: header, body and trailer */
  reader(limits: { maxFrameBytes: number }): FrameReader;
  /** The header of the reply to a frame: TPDU addresses swapped; other headers unchanged. */
  replyHeader(header: Buffer): Buffer;
}

/** A framing as data: a length, perhaps two zero bytes, a header, the body, perhaps a trailer. */
export interface FramingShape {
  /** `none`: the end of the stream closes the only frame. */
  readonly length: 'binary' | 'bcd' | 'ascii' | 'none';
  readonly lengthBytes: number;
  /** The length counts itself too. */
  readonly inclusive?: boolean;
  /** Zero bytes between the length and the rest (VisaNet). */
  readonly zeroBytes?: number;
  /** A five-byte TPDU in front of the body. */
  readonly tpdu?: boolean;
  /** Bytes behind every body, in hex; the length counts them. */
  readonly trailer?: string;
  /** An empty frame has a meaning (a poll) and goes up; elsewhere it is a keep-alive and is dropped. */
  readonly polls?: boolean;
}

export const framings = {
  'length-2': { length: 'binary', lengthBytes: 2 },
  'length-2-inclusive': { length: 'binary', lengthBytes: 2, inclusive: true },
  'length-4': { length: 'binary', lengthBytes: 4 },
  'length-4-inclusive': { length: 'binary', lengthBytes: 4, inclusive: true },
  'length-2-bcd': { length: 'bcd', lengthBytes: 2 },
  'length-4-ascii': { length: 'ascii', lengthBytes: 4 },
  'length-4-ascii-inclusive': { length: 'ascii', lengthBytes: 4, inclusive: true },
  'length-4-ascii-etx': { length: 'ascii', lengthBytes: 4, trailer: '03' },
  'length-2-tpdu': { length: 'binary', lengthBytes: 2, tpdu: true },
  'length-2-bcd-tpdu': { length: 'bcd', lengthBytes: 2, tpdu: true },
  tpdu: { length: 'none', lengthBytes: 0, tpdu: true },
  visa: { length: 'binary', lengthBytes: 2, zeroBytes: 2, polls: true },
} as const satisfies Record<string, FramingShape>;

export type FramingName = keyof typeof framings;

export const framingNames = Object.keys(framings) as FramingName[];

const tpduBytes = 5;
const emptyTpdu = Uint8Array.of(0x60, 0, 0, 0, 0);

/**
 * @param shape the name of a framing, or its data
 * @throws {IsoError} ISO_DIALECT when there is no framing of that name
 */
export function framing(shape: FramingName | FramingShape): Framing {
  const name = typeof shape === 'string' ? shape : 'custom';
  const data: FramingShape | undefined =
    typeof shape !== 'string' ? shape : Object.hasOwn(framings, shape) ? framings[shape] : undefined;
  if (!data) {
    throw new IsoError('ISO_DIALECT', { path: 'frame', expected: framingNames.join(', '), found: name });
  }
  const frame = compileShape(data);
  return {
    name,
    encode: (body, header) => encode(frame, body, header),
    reader: ({ maxFrameBytes }) => new StreamReader(frame, maxFrameBytes),
    replyHeader: (header) => (frame.headerBytes === tpduBytes ? swapTpdu(header) : Buffer.from(header)),
  };
}

function compileShape(shape: FramingShape): Frame {
  const { lengthBytes, zeroBytes = 0 } = shape;
  const counted = shape.inclusive ? lengthBytes + zeroBytes : 0;
  const number = lengthNumber(shape.length, lengthBytes);
  const prefixBytes = lengthBytes + zeroBytes;
  return {
    prefixBytes,
    headerBytes: shape.tpdu ? tpduBytes : 0,
    trailer: Buffer.from(shape.trailer ?? '', 'hex'),
    polls: shape.polls ?? false,
    wholeStream: shape.length === 'none',
    max: number.max - counted,
    read(prefix) {
      for (let i = lengthBytes; i < prefixBytes; i++) {
        if (prefix[i] !== 0) throw badLength(`${zeroBytes} zero bytes after the length`, 'others');
      }
      const length = number.read(prefix) - counted;
      if (length < 0) throw badLength(`at least ${counted}`, String(length + counted));
      return length;
    },
    write(bytesAfter, out) {
      number.write(bytesAfter + counted, out);
      out.fill(0, lengthBytes, prefixBytes);
    },
  };
}

interface LengthNumber {
  readonly max: number;
  read(prefix: Buffer): number;
  write(length: number, out: Buffer): void;
}

function lengthNumber(kind: FramingShape['length'], bytes: number): LengthNumber {
  switch (kind) {
    case 'binary':
      return {
        max: 256 ** bytes - 1,
        read: (prefix) => prefix.readUIntBE(0, bytes),
        write: (length, out) => void out.writeUIntBE(length, 0, bytes),
      };
    case 'bcd':
      return digits(bytes * 2, 'hex', bytes);
    case 'ascii':
      return digits(bytes, 'latin1', bytes);
    case 'none':
      return { max: Number.MAX_SAFE_INTEGER, read: () => 0, write: () => {} };
  }
}

function digits(count: number, encoding: 'hex' | 'latin1', bytes: number): LengthNumber {
  return {
    max: 10 ** count - 1,
    read(prefix) {
      const text = prefix.toString(encoding, 0, bytes);
      if (!/^[0-9]+$/.test(text)) throw badLength(`${count} digits`, `0x${prefix.toString('hex', 0, bytes)}`);
      return Number(text);
    },
    write: (length, out) => void out.write(String(length).padStart(count, '0'), 0, encoding),
  };
}

function encode(frame: Frame, body: Uint8Array, header?: Uint8Array): Buffer {
  const { prefixBytes, headerBytes, trailer } = frame;
  const length = headerBytes + body.length + trailer.length;
  if (length > frame.max) {
    throw new IsoError('ISO_FRAME_TOO_LONG', {
      path: 'frame',
      expected: `${frame.max} bytes`,
      found: `${length}`,
    });
  }
  if (header && header.length !== headerBytes) {
    throw new IsoError('ISO_HEADER', {
      path: 'frame',
      expected: `${headerBytes} bytes`,
      found: `${header.length}`,
    });
  }
  const out = Buffer.allocUnsafe(prefixBytes + length);
  frame.write(length, out);
  if (headerBytes > 0) out.set(header ?? emptyTpdu, prefixBytes);
  out.set(body, prefixBytes + headerBytes);
  out.set(trailer, out.length - trailer.length);
  return out;
}

/** TPDU: 0x60, destination, source. A reply swaps the two addresses. */
function swapTpdu(header: Buffer): Buffer {
  const reply = Buffer.from(header);
  header.copy(reply, 1, 3, 5);
  header.copy(reply, 3, 1, 3);
  return reply;
}
