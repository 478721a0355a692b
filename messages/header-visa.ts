import type { Cursor } from './cursor.ts';
import { IsoError } from './errors.ts';

/**
 * The 22-byte BASE I header, or the 26 bytes of a reject followed by the header that was rejected.
 * Layout from public sources only; replace with your licensed specification (docs/messages.md).
 */
export interface VisaHeader {
  /** Six digits each; a reply swaps them. */
  destination: string;
  source: string;
  /** 0x01 as a rule. */
  flags?: number;
  /** 0x02: ISO text. */
  textFormat?: number;
  /** 8 bits, echoed in the reply. */
  roundTrip?: number;
  /** 16 bits, echoed. */
  baseFlags?: number;
  /** 24 bits. */
  status?: number;
  batch?: number;
  /** 24 bits. */
  reserved?: number;
  userInfo?: number;
  /** There when the network rejects a message: its code, and the header of the message that comes back. */
  reject?: { code: string; flags?: number; original: VisaHeader };
}

const standardBytes = 22;
const rejectBytes = 26;
const rejected = 0x8000;

/** The header of a reply: stations swapped, the rest echoed. */
export function visaReplyHeader(header: VisaHeader): VisaHeader {
  const { reject: _, ...rest } = header;
  return { ...rest, destination: header.source, source: header.destination };
}

export function readVisaHeader(cursor: Cursor, nested = false): VisaHeader {
  const start = cursor.take(1, 'header');
  const length = cursor.bytes[start] ?? 0;
  if (length !== standardBytes && (length !== rejectBytes || nested)) {
    cursor.fail('ISO_HEADER', 'header', start, nested ? '22 bytes' : '22 or 26 bytes', String(length));
  }
  cursor.take(length - 1, 'header');
  const bytes = cursor.bytes;
  const total = bytes.readUInt16BE(start + 3);
  if (total !== cursor.end - start) {
    cursor.fail('ISO_HEADER', 'header', start + 3, `a total length of ${cursor.end - start}`, String(total));
  }
  const header: VisaHeader = {
    destination: station(cursor, start + 5),
    source: station(cursor, start + 8),
    flags: bytes[start + 1] ?? 0,
    textFormat: bytes[start + 2] ?? 0,
    roundTrip: bytes[start + 11] ?? 0,
    baseFlags: bytes.readUInt16BE(start + 12),
    status: bytes.readUIntBE(start + 14, 3),
    batch: bytes[start + 17] ?? 0,
    reserved: bytes.readUIntBE(start + 18, 3),
    userInfo: bytes[start + 21] ?? 0,
  };
  if (length === rejectBytes) {
    const flags = bytes.readUInt16BE(start + 22);
    if ((flags & rejected) === 0) cursor.fail('ISO_HEADER', 'header', start + 22, 'the reject bit', 'none');
    const code = bytes.toString('hex', start + 24, start + 26);
    header.reject = { code, flags, original: readVisaHeader(cursor, true) };
  }
  return header;
}

/** @param textBytes length of MTI, bitmaps and fields */
export function encodeVisaHeader(header: VisaHeader, textBytes: number): Buffer {
  const original = header.reject
    ? encodeVisaHeader(withoutReject(header.reject.original), textBytes)
    : undefined;
  const length = header.reject ? rejectBytes : standardBytes;
  const out = Buffer.alloc(length);
  const total = length + (original?.length ?? 0) + textBytes;
  if (total > 0xffff) {
    throw new IsoError('ISO_HEADER', {
      path: 'header',
      expected: 'at most 65535 bytes',
      found: String(total),
    });
  }
  out[0] = length;
  out[1] = unsigned(header.flags ?? 1, 1, 'flags');
  out[2] = unsigned(header.textFormat ?? 2, 1, 'textFormat');
  out.writeUInt16BE(total, 3);
  writeStation(header.destination, out, 5, 'destination');
  writeStation(header.source, out, 8, 'source');
  out[11] = unsigned(header.roundTrip ?? 0, 1, 'roundTrip');
  out.writeUInt16BE(unsigned(header.baseFlags ?? 0, 2, 'baseFlags'), 12);
  out.writeUIntBE(unsigned(header.status ?? 0, 3, 'status'), 14, 3);
  out[17] = unsigned(header.batch ?? 0, 1, 'batch');
  out.writeUIntBE(unsigned(header.reserved ?? 0, 3, 'reserved'), 18, 3);
  out[21] = unsigned(header.userInfo ?? 0, 1, 'userInfo');
  if (!header.reject || !original) return out;
  out.writeUInt16BE(unsigned(header.reject.flags ?? rejected, 2, 'reject.flags') | rejected, 22);
  if (!/^[0-9]{4}$/.test(header.reject.code)) throw badHeader('reject.code', 'four digits');
  out.write(header.reject.code, 24, 'hex');
  return Buffer.concat([out, original]);
}

function withoutReject(header: VisaHeader): VisaHeader {
  if (header.reject) throw badHeader('reject.original', 'a header that is no reject');
  return header;
}

function station(cursor: Cursor, at: number): string {
  const digits = cursor.bytes.toString('hex', at, at + 3);
  if (!/^[0-9]{6}$/.test(digits)) {
    cursor.fail('ISO_HEADER', 'header', at, 'six station digits', 'other nibbles');
  }
  return digits;
}

function writeStation(digits: string, out: Buffer, at: number, property: string): void {
  if (!/^[0-9]{6}$/.test(digits)) throw badHeader(property, 'six digits');
  out.write(digits, at, 'hex');
}

function unsigned(value: number, bytes: number, property: string): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * bytes)) {
    throw badHeader(property, `an unsigned number of ${bytes} bytes`);
  }
  return value;
}

function badHeader(property: string, expected: string): IsoError {
  return new IsoError('ISO_HEADER', { path: `header.${property}`, expected, found: 'something else' });
}
