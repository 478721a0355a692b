import { HsmError } from '../errors.ts';
import { BLOCK_LENGTH, type CipherAlgorithm } from '../token/host-cipher.ts';
import { pkcs11 } from '../token/pkcs11.ts';
import type { Scratch, Secret } from '../token/secrets.ts';
import { type PaddingMethod, pad } from './padding.ts';

/**
 * A key of ISO/IEC 9797-1 MAC algorithm 3: the whole key, and its first part alone. They are two objects, since
 * most tokens cannot take a key apart.
 */
export interface RetailMacKey {
  whole: Secret;
  left: Secret;
}

const MAX_DATA = 65_536;
const DES_BLOCK = 8;

/** The two forms of a double- or triple-length key that this token (or the host) can take apart. */
export function retailMacKey(scratch: Scratch, key: Secret): RetailMacKey {
  return { whole: key, left: scratch.slice(key, 0, DES_BLOCK, 'T') };
}

/**
 * ISO/IEC 9797-1 MAC algorithm 3 (ANSI X9.19 "retail MAC"), 8 bytes: single DES chaining under the first part of the
 * key over all blocks but the last; the last one under the whole key, whose encrypt–decrypt–encrypt is the output
 * transformation.
 */
export function retailMac(
  scratch: Scratch,
  key: RetailMacKey,
  data: Uint8Array,
  padding: PaddingMethod,
): Buffer {
  const padded = padWithin(data, DES_BLOCK, padding);
  const chained = padded.length - DES_BLOCK;
  const last = padded.subarray(chained);
  try {
    if (chained > 0) {
      xorInto(last, scratch.lastOfChain(key.left, 'T', padded.subarray(0, chained)));
    }
    return scratch.encrypt(key.whole, 'T', last);
  } finally {
    padded.fill(0); // the whole message, card data and all
  }
}

/** Algorithm 3 over two triple DES keys of their own: chaining and output under the first, its inverse the second. */
export function retailMacOfTwoKeys(
  scratch: Scratch,
  first: Secret,
  second: Secret,
  data: Uint8Array,
  padding: PaddingMethod,
): Buffer {
  const chain = cbcMac(scratch, first, 'T', padWithin(data, DES_BLOCK, padding));
  return scratch.encrypt(first, 'T', scratch.decrypt(second, 'T', chain));
}

/** ISO/IEC 9797-1 MAC algorithm 1: CBC-MAC, one block. `padded` is a whole number of blocks. */
export function cbcMac(scratch: Scratch, key: Secret, algorithm: CipherAlgorithm, padded: Buffer): Buffer {
  return Buffer.from(scratch.lastOfChain(key, algorithm, padded));
}

/** CMAC (NIST SP 800-38B, ISO/IEC 9797-1 algorithm 5), one block. */
export function cmac(scratch: Scratch, key: Secret, algorithm: CipherAlgorithm, data: Buffer): Buffer {
  if (data.length > MAX_DATA) {
    throw new HsmError('HSM_REQUEST_INVALID', `${data.length} bytes to authenticate`);
  }
  const native = algorithm === 'T' ? scratch.profile.tdesCmac : scratch.profile.aesCmac;
  // pkcs11js hands no data at all as a null pointer, which tokens refuse.
  if (native && key.place === 'token' && data.length > 0) {
    const mechanism = algorithm === 'T' ? pkcs11.CKM_DES3_CMAC : pkcs11.CKM_AES_CMAC;
    const { handle } = scratch.asKey(key, algorithm);
    return scratch.session.sign({ mechanism }, handle, data, Buffer.alloc(BLOCK_LENGTH[algorithm]));
  }
  return cmacByEncryption(scratch, key, algorithm, data);
}

/** The same for a token without CMAC, or a key that may encrypt but not sign. The host sees the subkeys. */
export function cmacByEncryption(
  scratch: Scratch,
  key: Secret,
  algorithm: CipherAlgorithm,
  data: Buffer,
): Buffer {
  return cbcMac(scratch, key, algorithm, cmacInput(cmacSubkeys(scratch, key, algorithm), data));
}

export interface CmacSubkeys {
  /** For a last block that is whole, and for one that was padded. */
  k1: Buffer;
  k2: Buffer;
}

export function cmacSubkeys(scratch: Scratch, key: Secret, algorithm: CipherAlgorithm): CmacSubkeys {
  const k1 = doubled(scratch.encrypt(key, algorithm, Buffer.alloc(BLOCK_LENGTH[algorithm])));
  return { k1, k2: doubled(k1) };
}

/** The data with its last block padded and XORed with a subkey: the CMAC is the CBC-MAC of it. */
function cmacInput({ k1, k2 }: CmacSubkeys, data: Uint8Array): Buffer {
  const block = k1.length;
  const whole = data.length > 0 && data.length % block === 0;
  const input = whole ? Buffer.from(data) : pad(data, block, 2);
  xorInto(input.subarray(input.length - block), whole ? k1 : k2);
  return input;
}

/** Multiplication by x in GF(2^64) or GF(2^128). */
function doubled(block: Buffer): Buffer {
  const result = Buffer.alloc(block.length);
  for (let i = 0; i < block.length; i++) {
    result[i] = (((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7)) & 0xff;
  }
  const last = block.length - 1;
  if ((block[0] ?? 0) & 0x80) result[last] = (result[last] ?? 0) ^ (block.length === 16 ? 0x87 : 0x1b);
  return result;
}

export function xorInto(target: Buffer, other: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) ^ (other[i] ?? 0);
}

function padWithin(data: Uint8Array, block: number, padding: PaddingMethod): Buffer {
  if (data.length > MAX_DATA) {
    throw new HsmError('HSM_REQUEST_INVALID', `${data.length} bytes to authenticate`);
  }
  return pad(data, block, padding);
}
