import type { Hsm } from '../../hsm/index.ts';
import { Pan } from '../../messages/index.ts';
import type { Random } from '../../runtime/index.ts';

/**
 * What is kept is sealed under a key that only the HSM can give again. The token gives out no key, but it protects
 * numbers: of one that is made up, and never told, it makes a ciphertext and a keyed hash. The ciphertext stands beside
 * what is sealed, and the hash is what keys are made of: to open it again the HSM must reveal the number first. A key
 * file beside the data was rejected: whoever copies the disk would have both.
 */
export interface SealingKey {
  /** Opaque: by it the HSM gives the secret again. */
  readonly handle: Buffer;
  readonly secret: Buffer;
}

export type SealingHsm = Pick<Hsm, 'protectPan' | 'revealPan'>;

const DIGITS = 19;

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
