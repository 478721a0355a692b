import { createHmac, timingSafeEqual } from 'node:crypto';
import { pkcs11 } from './pkcs11.ts';

export type HmacHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export const HMAC: Readonly<Record<HmacHash, { mechanism: number; length: number }>> = {
  sha1: { mechanism: pkcs11.CKM_SHA_1_HMAC, length: 20 },
  sha256: { mechanism: pkcs11.CKM_SHA256_HMAC, length: 32 },
  sha384: { mechanism: pkcs11.CKM_SHA384_HMAC, length: 48 },
  sha512: { mechanism: pkcs11.CKM_SHA512_HMAC, length: 64 },
};

export const ORACLE_DATA = Buffer.from('first byte');
let knownBytes: Buffer[] | undefined;

/** Which byte a secret of one byte is, by its HMAC over ORACLE_DATA. */
export function byteOfHmac(mac: Buffer): number {
  knownBytes ??= Array.from({ length: 256 }, (_, byte) =>
    createHmac('sha256', Buffer.from([byte]))
      .update(ORACLE_DATA)
      .digest(),
  );
  return knownBytes.findIndex((known) => timingSafeEqual(known, mac));
}
