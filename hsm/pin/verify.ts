import { timingSafeEqual } from 'node:crypto';
import { HsmError } from '../errors.ts';
import type { Scratch, Secret } from '../token/secrets.ts';
import { checkPan, decodePinBlock, LONGEST_PIN, panField, SHORTEST_PIN, setNibble } from './formats.ts';
import { checkInside, decryptPinBlock, isInside, type PinSide } from './translate.ts';

const PVV_DIGITS = 4;

/** The Visa PIN verification value of the PIN in this block: 4 digits, one per byte. */
export function pvvOfBlock(
  scratch: Scratch,
  side: PinSide,
  pvk: Secret,
  pan: Uint8Array,
  keyIndex: number,
  block: Buffer,
): Buffer {
  const inside = side.format === 0 && isInside(scratch, side.key) && pvk.place === 'token';
  const clear = decryptPinBlock(scratch, side, pan, block, inside);
  if (clear.place === 'token') {
    checkInside(scratch, 0, clear, pan);
    // The four leftmost digits are bytes 1 and 2 of the block; the second of them carries a PAN byte.
    const leftmost = scratch.slice(scratch.xor(clear, panField(pan)), 1, 2);
    return decimalised(
      scratch.encryptSecret(pvk, 'T', scratch.concat(transformedPan(pan, keyIndex), leftmost)),
    );
  }
  const pin = scratch.host(LONGEST_PIN).bytes;
  const length = decodePinBlock(side.format, clear.bytes, pan, pin);
  return pvvOfPin(scratch, pvk, pan, keyIndex, pin.subarray(0, length));
}

/** @param pin one digit per byte, in the scratch */
export function pvvOfPin(
  scratch: Scratch,
  pvk: Secret,
  pan: Uint8Array,
  keyIndex: number,
  pin: Buffer,
): Buffer {
  if (pin.length < SHORTEST_PIN || pin.length > LONGEST_PIN) {
    throw new HsmError('HSM_REQUEST_INVALID', 'a PIN has 4 to 12 decimal digits');
  }
  const parameter = scratch.host(8);
  parameter.bytes.set(transformedPan(pan, keyIndex));
  for (let i = 0; i < PVV_DIGITS; i++) setNibble(parameter.bytes, 12 + i, pin[i] ?? 0);
  return decimalised(scratch.encryptSecret(pvk, 'T', parameter));
}

/** The transformed security parameter but for the PIN: 11 PAN digits left of the check digit, the key index. */
function transformedPan(pan: Uint8Array, keyIndex: number): Buffer {
  checkPan(pan);
  if (!Number.isInteger(keyIndex) || keyIndex < 0 || keyIndex > 9) {
    throw new HsmError('HSM_REQUEST_INVALID', 'a PVV key index is one digit');
  }
  const result = Buffer.alloc(6);
  for (let i = 0; i < 11; i++) setNibble(result, i, (pan[pan.length - 12 + i] ?? 0) - 0x30);
  setNibble(result, 11, keyIndex);
  return result;
}

/** The decimal digits of a block from left to right, then its letters less ten: the first four of these. */
function decimalised(block: Buffer): Buffer {
  return decimalDigits(block).subarray(0, PVV_DIGITS);
}

/** Two passes over the nibbles: decimal digits first, then A–F as 0–5. One digit per byte. */
export function decimalDigits(block: Uint8Array): Buffer {
  const nibbles = [...block].flatMap((byte) => [byte >> 4, byte & 0x0f]);
  return Buffer.from([
    ...nibbles.filter((nibble) => nibble <= 9),
    ...nibbles.filter((nibble) => nibble > 9).map((nibble) => nibble - 10),
  ]);
}

/** IBM 3624 itself knows PINs up to the 16 digits of a block. */
const LONGEST_IBM_PIN = 16;

/** How an issuer makes a natural PIN (IBM 3624). */
export interface Ibm3624Rule {
  /** Which PAN digits are validation data: all within the PAN, the first 16 of them taken, fewer padded with `pad`. */
  start: number;
  length: number;
  /** One hexadecimal digit. */
  pad: number;
  /** Sixteen decimal digits, one per byte: what each hexadecimal digit of the ciphertext becomes. */
  conversionTable: Uint8Array;
}

/** The natural PIN, one digit per byte. It is a PIN: in the scratch. */
function naturalPin(
  scratch: Scratch,
  pvk: Secret,
  rule: Ibm3624Rule,
  pan: Uint8Array,
  digits: number,
): Buffer {
  checkRule(rule, pan, digits);
  const validation = Buffer.alloc(8);
  for (let i = 0; i < 16; i++) {
    const character = i < rule.length ? pan[rule.start + i] : undefined;
    setNibble(validation, i, character === undefined ? rule.pad : character - 0x30);
  }
  const block = scratch.encryptToHost(pvk, 'T', validation).bytes;
  const pin = scratch.host(digits).bytes;
  for (let i = 0; i < digits; i++) {
    const byte = block[i >> 1] ?? 0;
    pin[i] = rule.conversionTable[i % 2 === 0 ? byte >> 4 : byte & 0x0f] ?? 0;
  }
  return pin;
}

/** @throws HSM_REQUEST_INVALID: a rule that does not fit the PAN would make another PIN than the issuer's */
function checkRule(
  { start, length, pad, conversionTable }: Ibm3624Rule,
  pan: Uint8Array,
  digits: number,
): void {
  checkPan(pan, 1);
  const faults = {
    'a conversion table has 16 decimal digits':
      conversionTable.length !== 16 || conversionTable.some((digit) => digit > 9),
    'a pad is one hexadecimal digit': !Number.isInteger(pad) || pad < 0 || pad > 0x0f,
    'validation data outside the PAN': start < 0 || length < 0 || start + length > pan.length,
    'an IBM 3624 PIN or offset has 4 to 16 digits': digits < SHORTEST_PIN || digits > LONGEST_IBM_PIN,
  };
  const fault = Object.entries(faults).find(([, is]) => is)?.[0];
  if (fault !== undefined) throw new HsmError('HSM_REQUEST_INVALID', fault);
}

/**
 * The PIN a card's offset stands for: natural PIN plus offset, digit by digit without carry, from the right.
 * @param length of the PIN, where it is longer than the offset
 */
export function ibm3624Pin(
  scratch: Scratch,
  pvk: Secret,
  rule: Ibm3624Rule,
  pan: Uint8Array,
  offset: Uint8Array,
  length = offset.length,
): Buffer {
  const natural = naturalPin(scratch, pvk, rule, pan, length);
  const before = length - offset.length;
  for (let i = 0; i < offset.length; i++) {
    natural[before + i] = ((natural[before + i] ?? 0) + (offset[i] ?? 0)) % 10;
  }
  return natural;
}

/** The offset of a PIN: PIN less natural PIN. One digit per byte; an offset is no secret. */
export function ibm3624Offset(
  scratch: Scratch,
  pvk: Secret,
  rule: Ibm3624Rule,
  pan: Uint8Array,
  pin: Uint8Array,
): Buffer {
  const natural = naturalPin(scratch, pvk, rule, pan, pin.length);
  const offset = Buffer.alloc(pin.length);
  for (let i = 0; i < pin.length; i++) offset[i] = (10 + (pin[i] ?? 0) - (natural[i] ?? 0)) % 10;
  return offset;
}

/**
 * Whether the rightmost digits of the PIN in this block, as many as the offset has, are what the offset says.
 * Source: IBM, z/OS ICSF application programmer's guide, "3624 PIN verification algorithm": the digits that are
 * compared are the rightmost ones of as many natural digits as the entered PIN has.
 */
export function matchesOffset(
  scratch: Scratch,
  side: PinSide,
  pvk: Secret,
  rule: Ibm3624Rule,
  pan: Uint8Array,
  offset: Uint8Array,
  block: Buffer,
): boolean {
  const clear = scratch.bytesOf(decryptPinBlock(scratch, side, pan, block, false));
  const pin = scratch.host(LONGEST_PIN).bytes;
  const length = decodePinBlock(side.format, clear, pan, pin);
  if (length < offset.length) return false;
  const expected = ibm3624Pin(scratch, pvk, rule, pan, offset, length).subarray(length - offset.length);
  return timingSafeEqual(expected, pin.subarray(length - offset.length, length));
}
