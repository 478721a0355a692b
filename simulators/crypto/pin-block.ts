import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  type Decipheriv,
  timingSafeEqual,
} from 'node:crypto';

const BLOCK = 8;

/**
 * PIN blocks of ISO 9564-1 format 0 under one double-length TDES key, in software: the simulators stand for
 * the terminal's and the issuer's own devices and share no cryptography with the switch.
 */
export interface PinCipher {
  /** `pin` 4 to 12 digits, `pan` 12 to 19 digits; gives 8 bytes. */
  encrypt(pin: string, pan: string): Buffer;
  /** `undecipherable`: what came out is no format 0 block of this PAN, so the key or the PAN is another. */
  check(block: Uint8Array, pin: string, pan: string): 'right' | 'wrong' | 'undecipherable';
}

export function pinCipher(key: Buffer): PinCipher {
  // In ECB no block depends on another: one cipher object serves for ever, and a new one costs more than its work.
  const cipher: Cipheriv = createCipheriv('des-ede-ecb', key, null).setAutoPadding(false);
  const decipher: Decipheriv = createDecipheriv('des-ede-ecb', key, null).setAutoPadding(false);
  return {
    encrypt(pin, pan) {
      const clear = format0(pin, pan);
      const block = cipher.update(clear);
      clear.fill(0);
      return block;
    },
    check(block, pin, pan) {
      if (block.length !== BLOCK) return 'undecipherable';
      const found = decipher.update(block);
      const expected = format0(pin, pan);
      const right = timingSafeEqual(found, expected);
      xorPan(found, pan);
      const decipherable = isFormat0Field(found);
      found.fill(0);
      expected.fill(0);
      if (right) return 'right';
      return decipherable ? 'wrong' : 'undecipherable';
    },
  };
}

/** `0`, length, PIN, fill F; XOR zeros and the 12 rightmost PAN digits but the check digit. */
export function format0(pin: string, pan: string): Buffer {
  const block = Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(BLOCK * 2, 'F'), 'hex');
  xorPan(block, pan);
  return block;
}

function xorPan(block: Buffer, pan: string): void {
  const field = Buffer.from(
    pan
      .slice(0, -1)
      .slice(-12)
      .padStart(BLOCK * 2, '0'),
    'hex',
  );
  for (let i = 0; i < BLOCK; i += 1) block[i] = (block[i] ?? 0) ^ (field[i] ?? 0);
}

function isFormat0Field(field: Buffer): boolean {
  const length = field[0] ?? 0;
  if (length < 4 || length > 12) return false;
  for (let position = 0; position < 14; position += 1) {
    const byte = field[1 + (position >> 1)] ?? 0;
    const nibble = position % 2 === 0 ? byte >> 4 : byte & 0x0f;
    if (position < length ? nibble > 9 : nibble !== 0x0f) return false;
  }
  return true;
}
