import { xorInto } from '../mac/mac.ts';
import type { Scratch } from '../token/secrets.ts';
import { kcvOf } from './create.ts';
import { type SessionKey, secretOf } from './key.ts';

/**
 * A KCV as the key itself computes it now, not as it was written down when it came: whoever may write to the token
 * could write the old one beside a new value. A key that only derives computes it by deriving; the local master key,
 * which only wraps, is proven by the seal and the records under it.
 */
export function provenKcv(scratch: Scratch, key: SessionKey): string {
  if (key.kcv === undefined) return kcvOf(scratch, secretOf(key), key.algorithm);
  if (key.usage === 'K0' || key.algorithm === 'H') return key.kcv;
  return byDeriving(scratch, key);
}

/** Triple DES: a block of zeroes. AES: CMAC of one, which is one block under the key after another of its subkey. */
function byDeriving(scratch: Scratch, key: SessionKey): string {
  const isAes = key.algorithm === 'A';
  const length = isAes ? 16 : 8;
  const under = (block: Buffer) =>
    scratch.deriveToHost(secretOf(key), isAes ? 'A' : 'T', block, length).bytes.subarray(0, length);
  const zeroes = Buffer.alloc(length);
  if (!isAes) return digitsOf(under(zeroes));
  const subkey = scratch.host(length).bytes;
  doubled(under(zeroes), subkey);
  xorInto(zeroes, subkey);
  return digitsOf(under(zeroes));
}

/** NIST SP 800-38B, 6.1. */
function doubled(block: Buffer, into: Buffer): void {
  for (let i = 0; i < block.length; i++) into[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7);
  if ((block[0] ?? 0) & 0x80) into[block.length - 1] = (into[block.length - 1] ?? 0) ^ 0x87;
}

function digitsOf(block: Buffer): string {
  return block.toString('hex', 0, 3).toUpperCase();
}
