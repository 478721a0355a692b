import { HsmError } from '../errors.ts';

/** PIN block formats of ISO 9564-1. Blocks of format 4 are 16 bytes, all others 8. */
export type PinFormat = 0 | 1 | 2 | 3 | 4;

export const SHORTEST_PIN = 4;
export const LONGEST_PIN = 12;

const FILL = 0x0f;
const FORMAT4_FILL = 0x0a;

export function blockLength(format: PinFormat): number {
  return format === 4 ? 16 : 8;
}

export function pinFormatOf(value: unknown): PinFormat {
  if (value === 0 || value === 1 || value === 2 || value === 3 || value === 4) return value;
  throw new HsmError('HSM_REQUEST_INVALID', `PIN block format ${String(value)}`);
}

/** @param pan ASCII digits. @throws HSM_REQUEST_INVALID unless `shortest` to 19 digits */
export function checkPan(pan: Uint8Array, shortest = 12): void {
  const digits = pan.every(isDigit);
  if (!digits || pan.length < shortest || pan.length > 19) {
    throw new HsmError('HSM_REQUEST_INVALID', `a PAN must have ${shortest} to 19 digits`);
  }
}

/** The PAN field of formats 0 and 3: `0000` and the 12 rightmost digits but the check digit. */
export function panField(pan: Uint8Array): Buffer {
  checkPan(pan, 13);
  const field = Buffer.alloc(8);
  for (let i = 0; i < 12; i++) setNibble(field, 4 + i, (pan[pan.length - 13 + i] ?? 0) - 0x30);
  return field;
}

/** The PAN field of format 4: how many digits beyond 12, the digits (12 at least), zeroes. */
export function panField4(pan: Uint8Array): Buffer {
  checkPan(pan, 1);
  const field = Buffer.alloc(16);
  const length = Math.max(12, pan.length);
  setNibble(field, 0, length - 12);
  for (let i = 0; i < pan.length; i++) setNibble(field, 1 + length - pan.length + i, (pan[i] ?? 0) - 0x30);
  return field;
}

/** What a format's block is made of beside the PIN. */
export interface PinBlockContext {
  /** ASCII digits; for formats 0 and 3. */
  pan?: Uint8Array | undefined;
  /** Eight random bytes; for formats 1, 3 and 4. */
  random?: Buffer | undefined;
}

/**
 * Writes a clear PIN block; of format 4, its plain text PIN field. `pin` and `block` are the caller's to wipe.
 * @param pin one digit per byte, 0–9. @throws HSM_REQUEST_INVALID
 */
export function encodePinBlock(
  format: PinFormat,
  pin: Uint8Array,
  context: PinBlockContext,
  block: Buffer,
): void {
  if (pin.length < SHORTEST_PIN || pin.length > LONGEST_PIN || pin.some((digit) => digit > 9)) {
    throw new HsmError('HSM_REQUEST_INVALID', 'a PIN has 4 to 12 decimal digits');
  }
  block[0] = (format << 4) | pin.length;
  const positions = format === 4 ? 14 : (block.length - 1) * 2;
  for (let i = 0; i < positions; i++) {
    setNibble(block, 2 + i, i < pin.length ? (pin[i] ?? 0) : fillNibble(format, i, context));
  }
  if (format === 4) block.set(randomOf(context), 8);
  if (format === 0 || format === 3) xorWith(block, panField(context.pan ?? Buffer.alloc(0)));
}

/**
 * Checks a clear PIN block and writes its digits to `pin`, one per byte; returns their number. For formats 0 and 3 a
 * wrong key or PAN turns the block into noise, which this notices but for a small chance.
 * @throws HSM_PIN_BLOCK_INVALID, saying no more than that
 */
export function decodePinBlock(
  format: PinFormat,
  clear: Buffer,
  pan: Uint8Array | undefined,
  pin: Buffer,
): number {
  if (clear.length !== blockLength(format)) throw new HsmError('HSM_PIN_BLOCK_INVALID');
  const field = format === 0 || format === 3 ? panField(pan ?? Buffer.alloc(0)) : undefined;
  const length = (clear[0] ?? 0) & 0x0f;
  // Faults are gathered, not branched on: the time taken tells nothing of where a block went wrong.
  let wrong = ((clear[0] ?? 0) >> 4) ^ format;
  if (length < SHORTEST_PIN || length > LONGEST_PIN) wrong = 1;
  for (let i = 0; i < 14; i++) {
    const byte = (clear[1 + (i >> 1)] ?? 0) ^ (field?.[1 + (i >> 1)] ?? 0);
    const nibble = i % 2 === 0 ? byte >> 4 : byte & 0x0f;
    const digit = nibble <= 9 ? 1 : 0;
    wrong |= i < length ? digit ^ 1 : fillIsWrong(format, nibble);
    if (i < LONGEST_PIN) pin[i] = nibble;
  }
  if (wrong !== 0) throw new HsmError('HSM_PIN_BLOCK_INVALID');
  return length;
}

function fillIsWrong(format: PinFormat, nibble: number): number {
  switch (format) {
    case 0:
    case 2:
      return nibble ^ FILL;
    case 1:
      return 0;
    case 3:
      return nibble >= 0x0a ? 0 : 1;
    case 4:
      return nibble ^ FORMAT4_FILL;
  }
}

function fillNibble(format: PinFormat, position: number, context: PinBlockContext): number {
  switch (format) {
    case 0:
    case 2:
      return FILL;
    case 1:
      return randomNibble(context, position);
    case 3:
      return 0x0a + (randomNibble(context, position) % 6);
    case 4:
      return FORMAT4_FILL;
  }
}

function randomNibble(context: PinBlockContext, position: number): number {
  const byte = randomOf(context)[position >> 1] ?? 0;
  return position % 2 === 0 ? byte >> 4 : byte & 0x0f;
}

function randomOf(context: PinBlockContext): Buffer {
  if (context.random?.length !== 8) throw new Error('this PIN block format needs 8 random bytes');
  return context.random;
}

function xorWith(block: Buffer, field: Buffer): void {
  for (let i = 0; i < block.length; i++) block[i] = (block[i] ?? 0) ^ (field[i] ?? 0);
}

export function setNibble(target: Buffer, position: number, nibble: number): void {
  const index = position >> 1;
  const byte = target[index] ?? 0;
  target[index] = position % 2 === 0 ? (nibble << 4) | (byte & 0x0f) : (byte & 0xf0) | nibble;
}

function isDigit(character: number): boolean {
  return character >= 0x30 && character <= 0x39;
}
