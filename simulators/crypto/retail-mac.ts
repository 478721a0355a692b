import { createCipheriv } from 'node:crypto';

const BLOCK = 8;
const ZEROS = Buffer.alloc(BLOCK);

/**
 * ISO/IEC 9797-1 MAC algorithm 3 with padding method 1 (ANSI X9.19), 8 bytes, under a double-length key:
 * DES-CBC under the left half K, then the last block decrypted under the right half and encrypted under K again.
 */
export function retailMac(key: Buffer): (data: Uint8Array) => Buffer {
  const left = key.subarray(0, BLOCK);
  // Single DES, which OpenSSL 3 no longer offers by its name: K, K, K.
  const singleDes = Buffer.concat([left, left, left]);
  const tripleDes = createCipheriv('des-ede-ecb', key, null).setAutoPadding(false);
  // A new cipher object costs more than its work. This one goes on from the block before: what that adds is taken away.
  const chain = createCipheriv('des-ede3-cbc', singleDes, ZEROS).setAutoPadding(false);
  let before: Uint8Array = ZEROS;

  return (data) => {
    const length = Math.max(BLOCK, Math.ceil(data.length / BLOCK) * BLOCK);
    const padded = Buffer.alloc(length);
    padded.set(data);
    const last = padded.subarray(length - BLOCK);
    if (length > BLOCK) {
      addTo(padded, before);
      const chained = chain.update(padded.subarray(0, length - BLOCK));
      before = chained.subarray(-BLOCK);
      addTo(last, before);
    }
    return tripleDes.update(last);
  };
}

function addTo(block: Buffer, other: Uint8Array): void {
  for (let i = 0; i < BLOCK; i += 1) block[i] = (block[i] ?? 0) ^ (other[i] ?? 0);
}
