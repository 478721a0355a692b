import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { SealingKey } from '../sealing/sealing-key.ts';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
export const TAG_BYTES = 16;

/** Of one file: no two of them count under one key. */
export function keyOfFile({ secret }: SealingKey, salt: Buffer): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, salt, 'etika-own-copy/1', 32)));
}

/** @param count never twice under one key. @returns the tag, and the ciphertext */
export function seal(
  key: KeyObject,
  count: number,
  head: Buffer,
  clear: string,
): [tag: Buffer, sealed: Buffer] {
  const cipher = createCipheriv(ALGORITHM, key, ivOf(count)).setAAD(head);
  const sealed = cipher.update(clear, 'utf8');
  cipher.final();
  return [cipher.getAuthTag(), sealed];
}

/** @throws where it was altered, or sealed under another key */
export function unseal(key: KeyObject, count: number, head: Buffer, tag: Buffer, sealed: Buffer): string {
  const decipher = createDecipheriv(ALGORITHM, key, ivOf(count), { authTagLength: TAG_BYTES });
  decipher.setAAD(head).setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
}

function ivOf(count: number): Buffer {
  const iv = Buffer.alloc(IV_BYTES);
  iv.writeUIntBE(count, IV_BYTES - 6, 6);
  return iv;
}
