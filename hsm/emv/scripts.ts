import { HsmError } from '../errors.ts';
import { type RetailMacKey, retailMac } from '../mac/mac.ts';
import { encodePinBlock } from '../pin/formats.ts';
import type { HostSecret, Scratch, Secret } from '../token/secrets.ts';

/** How command data is encrypted for a card (EMV Book 2, 9.3, and the schemes' own rules). */
export type ScriptEncryption = 'VISA' | 'MASTERCARD' | 'EMV';

/** EMV Book 2, 9.2.3: 4 to 8 bytes. */
export function scriptMac(scratch: Scratch, key: RetailMacKey, command: Buffer, length = 8): Buffer {
  if (length < 4 || length > 8) throw new HsmError('HSM_REQUEST_INVALID', `a script MAC of ${length} bytes`);
  return retailMac(scratch, key, command, 2).subarray(0, length);
}

/** Encrypts command data, which may hold a PIN: it is in the scratch. */
export function encryptCommandData(
  scratch: Scratch,
  key: Secret,
  data: HostSecret,
  encryption: ScriptEncryption,
): Buffer {
  switch (encryption) {
    case 'VISA':
      return scratch.encryptSecret(key, 'T', padded(scratch, data, [data.length]));
    case 'MASTERCARD': {
      const whole = data.length % 8 === 0 ? data : padded(scratch, data);
      return scratch.encryptSecret(key, 'T', whole, Buffer.alloc(8));
    }
    case 'EMV':
      return scratch.encryptSecret(key, 'T', padded(scratch, data), Buffer.alloc(8));
  }
}

/** Padding method 2, written in the scratch: data that may hold a PIN is copied nowhere else. */
function padded(scratch: Scratch, data: HostSecret, before: readonly number[] = []): HostSecret {
  const length = before.length + data.length;
  const whole = scratch.host(length + 8 - (length % 8));
  whole.bytes.fill(0);
  whole.bytes.set(before);
  whole.bytes.set(data.bytes, before.length);
  whole.bytes[length] = 0x80;
  return whole;
}

/** ISO 9564-1 format 2, for a chip. @param pin one digit per byte, in the scratch */
export function chipPinBlock(scratch: Scratch, pin: Buffer): HostSecret {
  const block = scratch.host(8);
  encodePinBlock(2, pin, {}, block.bytes);
  return block;
}

/**
 * Visa's PIN change block: length, digits and fill, XOR the right half of the left part of the card's cryptogram key,
 * XOR the current PIN where there is one.
 * @param cardKey 16 bytes with odd parity, in the scratch. @param currentPin one digit per byte
 */
export function visaPinChangeBlock(
  scratch: Scratch,
  cardKey: Buffer,
  pin: Buffer,
  currentPin: Buffer | undefined,
): HostSecret {
  const block = chipPinBlock(scratch, pin);
  block.bytes[0] = pin.length;
  for (let i = 4; i < 8; i++) block.bytes[i] = (block.bytes[i] ?? 0) ^ (cardKey[i] ?? 0);
  if (currentPin !== undefined) {
    const old = scratch.host(8).bytes;
    encodePinBlock(2, currentPin, {}, old);
    for (let i = 0; i < currentPin.length; i++) {
      const digit = currentPin[i] ?? 0;
      const index = i >> 1;
      block.bytes[index] = (block.bytes[index] ?? 0) ^ (i % 2 === 0 ? digit << 4 : digit);
    }
  }
  return block;
}
