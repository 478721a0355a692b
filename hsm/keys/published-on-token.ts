import type { Scratch } from '../token/secrets.ts';
import { checkBlock } from './create.ts';
import { type SessionKey, secretOf } from './key.ts';
import { published } from './published.ts';
import type { KeyAlgorithm } from './usage.ts';

/**
 * Whether a key that lies on the token is one that anybody knows, told by its check block. Of a key that may only
 * derive there are six digits of it, so one in some 300,000 others is refused with them: its custodians make another.
 */
export function isPublished(scratch: Scratch, key: SessionKey): boolean {
  const block =
    key.kcv === undefined ? checkBlock(scratch, secretOf(key), key.algorithm) : Buffer.from(key.kcv, 'hex');
  return blocksOf(scratch, key.algorithm).some((known) => known.subarray(0, block.length).equals(block));
}

const blocks = new Map<KeyAlgorithm, readonly Buffer[]>();

function blocksOf(scratch: Scratch, algorithm: KeyAlgorithm): readonly Buffer[] {
  const known = blocks.get(algorithm);
  if (known) return known;
  const made = published().map((value) => checkBlock(scratch, scratch.hostFrom(value), algorithm));
  blocks.set(algorithm, made);
  return made;
}
