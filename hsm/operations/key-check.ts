import { HsmError } from '../errors.ts';
import type { TokenKeys } from '../token/context.ts';
import type { TokenKey } from '../token/keys.ts';
import { type Handle, pkcs11, type TokenSession } from '../token/pkcs11.ts';

const KCV_LENGTH = 3;
const AES_BLOCK = 16;
const AES_ECB = { mechanism: pkcs11.CKM_AES_ECB };

/**
 * The key check value: triple DES keys encrypt a zero block, AES keys CMAC one (X9.24-1), HMAC keys
 * authenticate one of 16 bytes (our convention); the leftmost 3 bytes.
 */
export function keyCheckValue(token: TokenKeys, label: string): Buffer {
  const key = token.keys.get(label);
  if (key.recordedKcv !== undefined) return Buffer.from(key.recordedKcv, 'hex');
  return checkBlock(token.session, key.algorithm, token.keys.sessionHandle(key)).subarray(0, KCV_LENGTH);
}

/** The whole block a KCV is cut from: long enough to tell two keys apart for certain. */
export function checkBlock(session: TokenSession, algorithm: TokenKey['algorithm'], key: Handle): Buffer {
  switch (algorithm) {
    case 'T':
      return session.encrypt({ mechanism: pkcs11.CKM_DES3_ECB }, key, Buffer.alloc(8), Buffer.alloc(8));
    case 'A':
      return aesCmacOfZeroBlock(session, key);
    case 'H':
      return session.sign(
        { mechanism: pkcs11.CKM_SHA256_HMAC },
        key,
        Buffer.alloc(AES_BLOCK),
        Buffer.alloc(32),
      );
  }
}

/** NIST SP 800-38B for one complete block of zeroes: the block is XORed with subkey K1, then encrypted. */
function aesCmacOfZeroBlock(session: TokenSession, key: Handle): Buffer {
  const encrypted = session.encrypt(AES_ECB, key, Buffer.alloc(AES_BLOCK), Buffer.alloc(AES_BLOCK));
  const subkey = Buffer.alloc(AES_BLOCK);
  for (let i = 0; i < AES_BLOCK; i++) {
    subkey[i] = ((encrypted[i] ?? 0) << 1) | ((encrypted[i + 1] ?? 0) >> 7);
  }
  if ((encrypted[0] ?? 0) & 0x80) subkey[AES_BLOCK - 1] = (subkey[AES_BLOCK - 1] ?? 0) ^ 0x87;
  return session.encrypt(AES_ECB, key, subkey, Buffer.alloc(AES_BLOCK));
}

/** @throws HSM_DEVELOPMENT_KEY where one of the published development keys is on this token */
export function refuseDevelopmentKeys(token: TokenKeys, isDevelopmentKey: (block: Buffer) => boolean): void {
  for (const key of token.keys.all()) {
    if (key.algorithm !== 'T' || key.recordedKcv !== undefined) continue;
    const block = checkBlock(token.session, 'T', token.keys.sessionHandle(key));
    if (isDevelopmentKey(block)) throw new HsmError('HSM_DEVELOPMENT_KEY', key.label);
  }
}
