import { timingSafeEqual } from 'node:crypto';
import { HsmError } from '../errors.ts';
import type { TokenKeys } from '../token/context.ts';
import { type Handle, pkcs11, type TokenSession } from '../token/pkcs11.ts';

const BLOCK = 8;
const ZERO_IV = Buffer.alloc(BLOCK);
const MAX_DATA = 65_536;
const TRIPLE_DES_ECB = { mechanism: pkcs11.CKM_DES3_ECB };
const TRIPLE_DES_CBC = { mechanism: pkcs11.CKM_DES3_CBC, parameter: ZERO_IV };

const padded = Buffer.allocUnsafeSlow(MAX_DATA + BLOCK);
const chained = Buffer.allocUnsafeSlow(MAX_DATA + BLOCK);
const lastBlock = Buffer.allocUnsafeSlow(BLOCK);

/**
 * ISO/IEC 9797-1 MAC algorithm 3 (the "retail MAC", ANSI X9.19) with padding method 1: 8 bytes.
 * Single DES in CBC under the left half over all blocks but the last; the last one under the whole key,
 * since its encrypt–decrypt–encrypt is what algorithm 3 asks for.
 */
export function retailMac(session: TokenSession, whole: Handle, left: Handle, data: Uint8Array): Buffer {
  if (data.length > MAX_DATA)
    throw new HsmError('HSM_REQUEST_INVALID', `${data.length} bytes to authenticate`);
  const length = Math.max(BLOCK, Math.ceil(data.length / BLOCK) * BLOCK);
  padded.set(data);
  padded.fill(0, data.length, length);
  const last = padded.subarray(length - BLOCK, length);
  const mac = Buffer.allocUnsafe(BLOCK);
  if (length === BLOCK) return session.encrypt(TRIPLE_DES_ECB, whole, last, mac);
  const chain = session.encrypt(TRIPLE_DES_CBC, left, padded.subarray(0, length - BLOCK), chained);
  for (let i = 0; i < BLOCK; i++) {
    lastBlock[i] = (last[i] ?? 0) ^ (chain[chain.length - BLOCK + i] ?? 0);
  }
  return session.encrypt(TRIPLE_DES_ECB, whole, lastBlock, mac);
}

export function generateMac({ session, keys }: TokenKeys, key: string, data: Uint8Array): Buffer {
  return retailMac(session, keys.handle(key, 'M3'), keys.handle(key, 'M3', 'left'), data);
}

/** A MAC truncated to its leftmost 4 bytes or more is compared over those. */
export function verifyMac(token: TokenKeys, key: string, data: Uint8Array, mac: Uint8Array): boolean {
  if (mac.length < 4 || mac.length > BLOCK) {
    throw new HsmError('HSM_REQUEST_INVALID', `a MAC of ${mac.length} bytes`);
  }
  return timingSafeEqual(generateMac(token, key, data).subarray(0, mac.length), mac);
}
