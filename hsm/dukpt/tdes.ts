import { HsmError } from '../errors.ts';
import { cmac, retailMac, retailMacKey, xorInto } from '../mac/mac.ts';
import type { Scratch, Secret } from '../token/secrets.ts';

/** Triple DES DUKPT, ANSI X9.24-1:2009 annex A. A KSN is 10 bytes: identifier 59 bits, counter 21 bits. */
const KSN_LENGTH = 10;
const BDK_LENGTH = 16;

const KEY_MASK = Buffer.from('C0C0C0C000000000C0C0C0C000000000', 'hex');
const COUNTER_BITS = 0x1f_ffff;

const VARIANT = {
  pin: Buffer.from('00000000000000FF00000000000000FF', 'hex'),
  macRequest: Buffer.from('000000000000FF00000000000000FF00', 'hex'),
  macResponse: Buffer.from('00000000FF00000000000000FF000000', 'hex'),
  dataRequest: Buffer.from('0000000000FF00000000000000FF0000', 'hex'),
  dataResponse: Buffer.from('000000FF00000000000000FF00000000', 'hex'),
} as const;

export type Direction = 'request' | 'response';

/** A base derivation key, and the same masked: the second form is for tokens that cannot XOR inside. */
export interface TdesBdk {
  key: Secret;
  masked: Secret;
}

export function bdkFrom(scratch: Scratch, key: Secret): TdesBdk {
  return { key, masked: scratch.xor(key, KEY_MASK) };
}

/** The masked form of a clear BDK, for its import. */
export function maskedBdk(key: Buffer): Buffer {
  const masked = Buffer.from(key);
  xorInto(masked, KEY_MASK);
  return masked;
}

export function counterOf(ksn: Buffer): number {
  return ksn.readUIntBE(7, 3) & COUNTER_BITS;
}

/** The KSN with a counter of zero: what names the device. */
export function initialKsn(ksn: Buffer): Buffer {
  if (ksn.length !== KSN_LENGTH) throw new HsmError('HSM_REQUEST_INVALID', `a KSN of ${ksn.length} bytes`);
  const initial = Buffer.from(ksn);
  initial.writeUIntBE(ksn.readUIntBE(7, 3) & ~COUNTER_BITS & 0xff_ffff, 7, 3);
  return initial;
}

/** A.6: the initial key (IPEK) of the device this KSN names. */
export function initialKey(scratch: Scratch, bdk: TdesBdk, ksn: Buffer): Secret {
  if (bdk.key.length !== BDK_LENGTH) {
    throw new HsmError('HSM_REQUEST_INVALID', `a triple DES BDK of ${bdk.key.length} bytes`);
  }
  const register = initialKsn(ksn).subarray(0, 8);
  return scratch.concat(
    scratch.derive(bdk.key, 'T', register, 'generic', 8),
    scratch.derive(bdk.masked, 'T', register, 'generic', 8),
  );
}

/** A.2: the key of one transaction, by one non-reversible step for each bit of the counter. */
export function transactionKey(scratch: Scratch, bdk: TdesBdk, ksn: Buffer): Secret {
  let key = initialKey(scratch, bdk, ksn);
  const counter = counterOf(ksn);
  const register = Buffer.from(initialKsn(ksn).subarray(2));
  for (let bit = 0x10_0000; bit > 0; bit >>= 1) {
    if ((counter & bit) === 0) continue;
    register.writeUIntBE(register.readUIntBE(5, 3) | bit, 5, 3);
    key = nextKey(scratch, key, register);
  }
  return key;
}

/** A.3, the non-reversible key generation process. */
function nextKey(scratch: Scratch, key: Secret, register: Buffer): Secret {
  return scratch.concat(
    halfStep(scratch, scratch.xor(key, KEY_MASK), register),
    halfStep(scratch, key, register),
  );
}

/** `DES(left half, register ⊕ right half) ⊕ right half`. */
function halfStep(scratch: Scratch, key: Secret, register: Buffer): Secret {
  const right = scratch.slice(key, 8, 8);
  const encrypted = scratch.encryptSecret(scratch.slice(key, 0, 8, 'T'), 'T', scratch.xor(right, register));
  return scratch.xor(right, encrypted);
}

export function pinKey(scratch: Scratch, bdk: TdesBdk, ksn: Buffer): Secret {
  return scratch.xor(transactionKey(scratch, bdk, ksn), VARIANT.pin);
}

export function macKey(scratch: Scratch, bdk: TdesBdk, ksn: Buffer, direction: Direction): Secret {
  const variant = direction === 'request' ? VARIANT.macRequest : VARIANT.macResponse;
  return scratch.xor(transactionKey(scratch, bdk, ksn), variant);
}

/** The data keys are one-way: the variant encrypts itself. Its result is a key, so it is computed on the host. */
export function dataKey(scratch: Scratch, bdk: TdesBdk, ksn: Buffer, direction: Direction): Secret {
  const variant = direction === 'request' ? VARIANT.dataRequest : VARIANT.dataResponse;
  const masked = scratch.xor(transactionKey(scratch, bdk, ksn), variant);
  return scratch.hostFrom(scratch.encryptSecret(masked, 'T', masked));
}

/** ISO/IEC 9797-1 algorithm 3, padding method 1, under the MAC key: 8 bytes. */
export function mac(scratch: Scratch, bdk: TdesBdk, ksn: Buffer, direction: Direction, data: Buffer): Buffer {
  return retailMac(scratch, retailMacKey(scratch, macKey(scratch, bdk, ksn, direction)), data, 1);
}

export function tdesCmac(
  scratch: Scratch,
  bdk: TdesBdk,
  ksn: Buffer,
  direction: Direction,
  data: Buffer,
): Buffer {
  return cmac(scratch, macKey(scratch, bdk, ksn, direction), 'T', data);
}
