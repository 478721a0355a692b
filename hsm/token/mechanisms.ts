import koffi from 'koffi';
import type { CipherAlgorithm } from './host-cipher.ts';
import { pkcs11 } from './pkcs11.ts';
import type { TokenProfile } from './profile.ts';

/** What a secret is for: a cipher key, an HMAC key, or a value to compute with. */
export type SecretType = CipherAlgorithm | 'hmac' | 'generic';

export const ZERO_IV: Readonly<Record<CipherAlgorithm, Buffer>> = { T: Buffer.alloc(8), A: Buffer.alloc(16) };

const PARAMETER_LENGTH = 1_024;
const parameterData = Buffer.allocUnsafeSlow(PARAMETER_LENGTH).fill(0);
const parameterStruct = Buffer.allocUnsafeSlow(16).fill(0);
parameterStruct.writeBigUInt64LE(koffi.address(parameterData));

/**
 * CK_KEY_DERIVATION_STRING_DATA, which pkcs11js has no type for: an address and a length. The data is copied to one
 * place that is never freed nor moved, since nothing else would keep it alive during the call.
 */
export function stringData(data: Uint8Array): Buffer {
  if (data.length > PARAMETER_LENGTH) throw new RangeError('mechanism data too long');
  parameterData.set(data);
  parameterStruct.writeBigUInt64LE(BigInt(data.length), 8);
  return parameterStruct;
}

export function keyTypeOf(type: SecretType, length: number, profile: TokenProfile): number {
  if (type === 'generic' || type === 'hmac') return pkcs11.CKK_GENERIC_SECRET;
  if (type === 'A') return pkcs11.CKK_AES;
  if (length === 8) return profile.singleDes ? pkcs11.CKK_DES : pkcs11.CKK_DES3;
  return length === 16 ? pkcs11.CKK_DES2 : pkcs11.CKK_DES3;
}

export function deriveMechanism(algorithm: CipherAlgorithm): number {
  return algorithm === 'T' ? pkcs11.CKM_DES3_ECB_ENCRYPT_DATA : pkcs11.CKM_AES_ECB_ENCRYPT_DATA;
}

/** DES keys have their length in their type, and SoftHSM refuses to be told it again. */
export function fixedLength(type: SecretType): boolean {
  return type === 'T';
}

/** Wrapping under AES is asked for in CBC with a zero IV: for one block the same as ECB. */
export function aesNeedsIv(algorithm: CipherAlgorithm): Buffer | undefined {
  return algorithm === 'A' ? ZERO_IV.A : undefined;
}

export function cipherMechanism(
  key: { length: number },
  algorithm: CipherAlgorithm,
  iv: Buffer | undefined,
  profile: TokenProfile,
): { mechanism: number; parameter?: Buffer } {
  const single = algorithm === 'T' && key.length === 8 && profile.singleDes;
  if (iv === undefined) {
    if (single) return { mechanism: pkcs11.CKM_DES_ECB };
    return { mechanism: algorithm === 'T' ? pkcs11.CKM_DES3_ECB : pkcs11.CKM_AES_ECB };
  }
  if (single) return { mechanism: pkcs11.CKM_DES_CBC, parameter: iv };
  return { mechanism: algorithm === 'T' ? pkcs11.CKM_DES3_CBC : pkcs11.CKM_AES_CBC, parameter: iv };
}

/** After the call: what was in the mechanism data may have been secret. */
export function wipeStringData(): void {
  parameterData.fill(0);
}
