import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Hsm } from '../../hsm/index.ts';
import { Pan } from '../../messages/index.ts';
import type { Random } from '../../runtime/index.ts';

/**
 * What is kept is sealed under a key that only the HSM can give again. The token gives out no key, but it protects
 * numbers: of one that is made up, and never told, it makes a ciphertext and a keyed hash. The ciphertext stands at the
 * head of the file, and the hash is what keys are made of: to open a file again the HSM must reveal the number first. A
 * key file beside the data was rejected: whoever copies the disk would have both.
 */
export interface SealingKey {
  /** Opaque: by it the HSM gives the secret again. */
  readonly handle: Buffer;
  readonly secret: Buffer;
}

export type SealingHsm = Pick<Hsm, 'protectPan' | 'revealPan'>;

const DIGITS = 19;
const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
export const TAG_BYTES = 16;

/** @throws HsmError */
export async function newSealingKey(hsm: SealingHsm, random: Random): Promise<SealingKey> {
  const number = Array.from({ length: DIGITS }, () => random.integer(10)).join('');
  const { ciphertext, lookup } = await hsm.protectPan(Pan.of(number));
  return { handle: ciphertext, secret: lookup };
}

/** @throws HsmError */
export async function sealingKeyOf(hsm: SealingHsm, handle: Buffer): Promise<SealingKey> {
  const { lookup } = await hsm.protectPan(await hsm.revealPan(handle));
  return { handle, secret: lookup };
}

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
