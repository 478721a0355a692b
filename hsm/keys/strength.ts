import { setOddParity } from '../emv/keys.ts';
import { HsmError } from '../errors.ts';
import type { KeyAlgorithm } from './usage.ts';

/**
 * Which values are no keys, and which key may protect which.
 *
 * A triple DES key whose parts are equal is a single DES key, and a weak DES key undoes itself. One of which half the
 * bytes have even parity was never made for DES; a few such bytes pass, since the bit protects nothing. A key leaves
 * only under one that is as hard to find: otherwise whoever finds the weaker has the stronger.
 *
 * Source: NIST SP 800-57 part 1, table of comparable strengths; SP 800-67 for weak keys; PCI PIN requirement 18.
 */
type Held = { readonly algorithm: KeyAlgorithm; readonly length: number };

const PART = 8;
const AES_BITS: Readonly<Record<number, number>> = { 16: 128, 24: 192, 32: 256 };
const MOST_BITS = 256;

function strengthOf({ algorithm, length }: Held): number {
  switch (algorithm) {
    case 'A':
      return AES_BITS[length] ?? 0;
    case 'T':
      return length === 24 ? 112 : 80;
    case 'H':
      return Math.min(length * 8, MOST_BITS);
  }
}

/** @throws HSM_KEY_EXPORT where the key under which another is to leave is the weaker one */
export function checkStrength(name: string, key: Held, protection: Held): void {
  if (strengthOf(protection) >= strengthOf(key)) return;
  throw new HsmError(
    'HSM_KEY_EXPORT',
    `${name} has a strength of ${strengthOf(key)} bits, its protection key of ${strengthOf(protection)}`,
  );
}

/** The strengths that `HSM_LEAST_STRENGTH` may name; the first is that of triple DES in two parts. */
export const STRENGTHS: readonly number[] = [80, 112, 128, 192, 256];

/** What is made or comes as a working key. @throws HSM_KEY_WEAK where it is weaker than a setting allows */
export function checkLeastStrength(least: number, key: Held): void {
  if (strengthOf(key) >= least) return;
  throw new HsmError('HSM_KEY_WEAK', `a strength of ${strengthOf(key)} bits; HSM_LEAST_STRENGTH is ${least}`);
}

/** The weak and the semi-weak keys of DES, with odd parity. */
const WEAK = [
  '0101010101010101',
  'fefefefefefefefe',
  'e0e0e0e0f1f1f1f1',
  '1f1f1f1f0e0e0e0e',
  '011f011f010e010e',
  '1f011f010e010e01',
  '01e001e001f101f1',
  'e001e001f101f101',
  '01fe01fe01fe01fe',
  'fe01fe01fe01fe01',
  '1fe01fe00ef10ef1',
  'e01fe01ff10ef10e',
  '1ffe1ffe0efe0efe',
  'fe1ffe1ffe0efe0e',
  'e0fee0fef1fef1fe',
  'fee0fee0fef1fef1',
].map((hex) => Buffer.from(hex, 'hex'));

/**
 * @param value clear, in the scratch; what is made of it here is wiped or says nothing of a good key
 * @throws HSM_KEY_WEAK
 */
export function checkValue(value: Uint8Array, algorithm: KeyAlgorithm): void {
  const weak = (reason: string): never => {
    throw new HsmError('HSM_KEY_WEAK', reason);
  };
  if (value.every((byte) => byte === value[0])) weak('all bytes of the key are equal');
  if (algorithm !== 'T') return;

  if (evenBytesOf(value) * 2 >= value.length) {
    weak('half the bytes of the triple DES key, or more, have even parity');
  }
  const parts = Array.from({ length: value.length / PART }, (_, i) =>
    value.subarray(i * PART, (i + 1) * PART),
  );
  if (parts.some((part, i) => parts.slice(i + 1).some((other) => isSame(part, other)))) {
    weak('two parts of the triple DES key are equal');
  }
  if (parts.some(isWeakPart)) weak('a part of the triple DES key is a weak or semi-weak DES key');
}

function evenBytesOf(value: Uint8Array): number {
  const adjusted = setOddParity(Buffer.from(value));
  let even = 0;
  for (const [index, byte] of value.entries()) {
    if (adjusted[index] !== byte) even += 1;
  }
  adjusted.fill(0);
  return even;
}

/** By bytes: a good key becomes no string, which nobody could wipe. */
function isWeakPart(part: Uint8Array): boolean {
  return WEAK.some((weak) => isSame(weak, part));
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
