import { HsmError } from '../errors.ts';
import { xorInto } from '../mac/mac.ts';
import type { CipherAlgorithm } from '../token/host-cipher.ts';
import type { Scratch, Secret } from '../token/secrets.ts';
import {
  blockLength,
  checkPan,
  decodePinBlock,
  encodePinBlock,
  LONGEST_PIN,
  type PinFormat,
  panField,
  panField4,
  SHORTEST_PIN,
  setNibble,
} from './formats.ts';

/** One side of a translation: the key that encrypts the block, and the block's format. */
export interface PinSide {
  key: Secret;
  algorithm: CipherAlgorithm;
  format: PinFormat;
}

/**
 * Re-encrypts a PIN block for another key, algorithm or format, for the same PAN.
 * ISO 9564-1, 9.4 and PCI PIN: never to format 1 nor 2, and format 2 (offline, chip only) never from the wire; the PAN
 * cannot change, since there is but one.
 * @throws HSM_PIN_TRANSLATION_FORBIDDEN, HSM_PIN_BLOCK_INVALID, HSM_REQUEST_INVALID
 */
export function translatePinBlock(
  scratch: Scratch,
  from: PinSide,
  to: PinSide,
  pan: Uint8Array,
  block: Uint8Array,
): Buffer {
  checkSides(from, to);
  checkPan(pan, shortestPan(from.format, to.format));
  if (block.length !== blockLength(from.format)) {
    throw new HsmError(
      'HSM_REQUEST_INVALID',
      `a PIN block of ${block.length} bytes for format ${from.format}`,
    );
  }
  const { format } = from;
  const inside =
    isInside(scratch, from.key) && isInside(scratch, to.key) && isFixedFill(format) && isFixedFill(to.format);
  const clear = decryptPinBlock(scratch, from, pan, Buffer.from(block), inside);
  return clear.place === 'token' && isFixedFill(format)
    ? convertInside(scratch, format, to, pan, clear)
    : convertOnHost(scratch, format, to, pan, scratch.bytesOf(clear));
}

/** @throws HSM_PIN_TRANSLATION_FORBIDDEN */
export function checkDirection(from: number, to: number): void {
  if (from !== FOR_CHIPS && GOES_ON.has(to)) return;
  throw new HsmError('HSM_PIN_TRANSLATION_FORBIDDEN', `from format ${from} to ${to}`);
}

const FOR_CHIPS = 2;
/** Formats that travel: 1 would lose its PAN, 2 is for chip cards. */
const GOES_ON: ReadonlySet<number> = new Set([0, 3, 4]);

function checkSides(from: PinSide, to: PinSide): void {
  checkDirection(from.format, to.format);
  for (const { format, algorithm } of [from, to]) {
    if ((format === 4) !== (algorithm === 'A')) {
      throw new HsmError(
        'HSM_REQUEST_INVALID',
        `format ${format} under ${algorithm === 'A' ? 'AES' : 'triple DES'}`,
      );
    }
  }
}

/** Format 4 takes every PAN; formats 0 and 3 need 12 digits and the check digit. */
function shortestPan(...formats: readonly PinFormat[]): number {
  return formats.some((format) => format === 0 || format === 3) ? 13 : 1;
}

/** Whether a block under this key can be opened, and worked on, without leaving the token. */
export function isInside(scratch: Scratch, key: Secret): boolean {
  return key.place === 'token' && scratch.profile.canUnwrap && scratch.profile.canCompute;
}

/** The clear block (of format 4 the PIN field): in the token where that is asked for, else on the host. */
export function decryptPinBlock(
  scratch: Scratch,
  side: PinSide,
  pan: Uint8Array,
  block: Buffer,
  inside: boolean,
): Secret {
  const open = (data: Buffer) =>
    inside
      ? scratch.decryptToSecret(side.key, side.algorithm, data)
      : scratch.decryptToHost(side.key, side.algorithm, data);
  if (side.format !== 4) return open(block);
  // The intermediate is not the PIN: it is the encrypted PIN field XOR the PAN field.
  const intermediate = scratch.decrypt(side.key, 'A', block);
  xorInto(intermediate, panField4(pan));
  return open(intermediate);
}

/** Encrypts a clear block (of format 4 the PIN field) that is on the host. */
export function encryptClearBlock(scratch: Scratch, side: PinSide, pan: Uint8Array, clear: Secret): Buffer {
  if (side.format !== 4) return scratch.encryptSecret(side.key, side.algorithm, clear);
  const intermediate = scratch.encryptSecret(side.key, 'A', clear);
  xorInto(intermediate, panField4(pan));
  return scratch.encrypt(side.key, 'A', intermediate.subarray(0, 16));
}

function convertOnHost(
  scratch: Scratch,
  format: PinFormat,
  to: PinSide,
  pan: Uint8Array,
  clear: Buffer,
): Buffer {
  const pin = scratch.host(LONGEST_PIN).bytes;
  const length = decodePinBlock(format, clear, pan, pin);
  // A block of format 0 is all PIN, PAN and fixed fill, each of which was checked: made anew it would be the same.
  if (format === 0 && to.format === 0) {
    return scratch.encryptSecret(to.key, to.algorithm, { place: 'host', length: clear.length, bytes: clear });
  }
  return encodeAndEncrypt(scratch, to, pan, pin.subarray(0, length));
}

/** @param pin one digit per byte, in the scratch */
export function encodeAndEncrypt(scratch: Scratch, to: PinSide, pan: Uint8Array, pin: Buffer): Buffer {
  const clear = scratch.host(blockLength(to.format));
  const random = to.format === 0 ? undefined : scratch.session.random(8);
  encodePinBlock(to.format, pin, { pan, random }, clear.bytes);
  return encryptClearBlock(scratch, to, pan, clear);
}

/** Fill digits of formats 1 and 3 are random: a token cannot turn them into another fill. */
function isFixedFill(format: PinFormat): format is 0 | 4 {
  return format === 0 || format === 4;
}

/**
 * Format, length and fill of a block inside the token, without the host learning a digit: the first byte is told, the
 * bytes of fill behind the PIN are compared by their HMAC. Decimal digits cannot be checked without learning them.
 * @returns the PIN's length. @throws HSM_PIN_BLOCK_INVALID
 */
export function checkInside(scratch: Scratch, format: 0 | 4, clear: Secret, pan: Uint8Array): number {
  const first = scratch.firstByte(clear);
  const length = first & 0x0f;
  if (first >> 4 !== format || length < SHORTEST_PIN || length > LONGEST_PIN) {
    throw new HsmError('HSM_PIN_BLOCK_INVALID');
  }
  const fillAt = 1 + Math.ceil(length / 2);
  const fill = Buffer.alloc(8 - fillAt, format === 0 ? 0xff : 0xaa);
  if (format === 0) xorInto(fill, panField(pan).subarray(fillAt));
  if (!scratch.equals(scratch.slice(clear, fillAt, fill.length), fill)) {
    throw new HsmError('HSM_PIN_BLOCK_INVALID');
  }
  return length;
}

/** Inside the token, what the host learns is what `checkInside` tells. */
function convertInside(scratch: Scratch, from: 0 | 4, to: PinSide, pan: Uint8Array, clear: Secret): Buffer {
  const length = checkInside(scratch, from, clear, pan);
  const digits = from === 4 ? scratch.slice(clear, 0, 8) : clear;
  const converted = scratch.xor(digits, conversionMask(from, to.format, length, pan));
  if (to.format === 0) return scratch.encryptSecret(to.key, 'T', converted);
  // CBC over the PIN field and the PAN field: the second block of it is E(E(PIN field) XOR PAN field).
  const both = scratch.concat(converted, scratch.session.random(8), panField4(pan));
  const chained = scratch.encryptSecret(to.key, 'A', both, Buffer.alloc(16));
  return Buffer.from(chained.subarray(16, 32));
}

/** What turns the first eight bytes of one format into another's: control digit, fill, and the PAN of format 0. */
function conversionMask(from: PinFormat, to: PinFormat, length: number, pan: Uint8Array): Buffer {
  const mask = Buffer.alloc(8);
  mask[0] = (from ^ to) << 4;
  const fill = from === to ? 0 : 0x0f ^ 0x0a;
  for (let i = length; i < 14; i++) setNibble(mask, 2 + i, fill);
  if (from !== to) xorInto(mask, panField(pan));
  return mask;
}
