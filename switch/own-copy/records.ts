/**
 * A file of kept flushes: a head, then a record for each flush. Which flush a record is stands in clear, authenticated:
 * so whether the database has it can be asked without the HSM. All else is sealed.
 *
 *     head    "EKC1" · name of the database, 16 bytes · salt 16 · length of the handle u16 · handle
 *     record  length of the rest u32 · epoch, first, last u48 each · link 32 · tag 16 · sealed lines
 *
 * A record that is cut off ends the file: the process died over it, before anybody else could know of it.
 */
import type { KeyObject } from 'node:crypto';
import type { FlushPlace, KeptFlush } from '../journal/kept-flush.ts';
import { seal, TAG_BYTES, unseal } from './seal.ts';

const MAGIC = Buffer.from('EKC1');
const NAME_BYTES = 16;
const SALT_BYTES = 16;
const HEAD_BYTES = MAGIC.length + NAME_BYTES + SALT_BYTES + 2;
const PLACE_BYTES = 3 * 6 + 32;
/** Stands in no text of a flush. */
const PART = '\0';
const CLAIM_NAME_LENGTH = /.{40}/g;

export interface FileHead {
  /** 32 hex digits. */
  readonly database: string;
  readonly salt: Buffer;
  readonly handle: Buffer;
}

export function headBytes({ database, salt, handle }: FileHead): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(handle.length);
  return Buffer.concat([MAGIC, Buffer.from(database, 'hex'), salt, length, handle]);
}

/** Undefined where the bytes are not of such a file. */
export function headOf(bytes: Buffer): FileHead | undefined {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const nameEnd = MAGIC.length + NAME_BYTES;
  const saltEnd = nameEnd + SALT_BYTES;
  const handle = bytes.subarray(HEAD_BYTES, HEAD_BYTES + bytes.readUInt16BE(saltEnd));
  const database = bytes.toString('hex', MAGIC.length, nameEnd);
  return { database, salt: bytes.subarray(nameEnd, saltEnd), handle };
}

/** @param count of the record within its file, from 0 */
export function recordBytes(flush: KeptFlush, key: KeyObject, count: number): Buffer {
  const { lines, owned } = flush;
  const place = placeBytes(flush);
  const clear = [lines.entries, lines.claims, lines.followUps, lines.takes, owned.join('')].join(PART);
  const [tag, sealed] = seal(key, count, place, clear);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(place.length + tag.length + sealed.length);
  return Buffer.concat([length, place, tag, sealed]);
}

/** A record that is still sealed. */
export interface SealedRecord {
  readonly place: FlushPlace;
  /** Within its file. */
  readonly count: number;
  readonly bytes: Buffer;
}

/** All whole records of a file. */
export function* recordsOf(bytes: Buffer, { handle }: FileHead): Generator<SealedRecord> {
  let at = HEAD_BYTES + handle.length;
  for (let count = 0; at + 4 <= bytes.length; count += 1) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length || end - at - 4 < PLACE_BYTES + TAG_BYTES) return;
    const record = bytes.subarray(at + 4, end);
    yield { place: placeOf(record), count, bytes: record };
    at = end;
  }
}

/** @throws where it was altered */
export function flushOf({ place, count, bytes }: SealedRecord, key: KeyObject): KeptFlush {
  const tag = bytes.subarray(PLACE_BYTES, PLACE_BYTES + TAG_BYTES);
  const sealed = bytes.subarray(PLACE_BYTES + TAG_BYTES);
  const clear = unseal(key, count, bytes.subarray(0, PLACE_BYTES), tag, sealed);
  const [entries = '', claims = '', followUps = '', takes = '', owned = ''] = clear.split(PART);
  return {
    ...place,
    lines: { entries, claims, followUps, takes },
    owned: owned.match(CLAIM_NAME_LENGTH) ?? [],
  };
}

function placeBytes({ epoch, first, last, link }: FlushPlace): Buffer {
  const bytes = Buffer.allocUnsafe(PLACE_BYTES);
  bytes.writeUIntBE(epoch, 0, 6);
  bytes.writeUIntBE(first, 6, 6);
  bytes.writeUIntBE(last, 12, 6);
  bytes.write(link, 18, 'hex');
  return bytes;
}

function placeOf(record: Buffer): FlushPlace {
  return {
    epoch: record.readUIntBE(0, 6),
    first: record.readUIntBE(6, 6),
    last: record.readUIntBE(12, 6),
    link: record.toString('hex', 18, PLACE_BYTES),
  };
}
