import { createCipheriv, createDecipheriv } from 'node:crypto';

/** T = triple DES with a key of 8, 16 or 24 bytes (8: the same key three times, which is single DES); A = AES. */
export type CipherAlgorithm = 'T' | 'A';

export const BLOCK_LENGTH: Readonly<Record<CipherAlgorithm, number>> = { T: 8, A: 16 };

/** Triple DES of any key length is run as three keys; the expanded form is wiped after each use. */
const expandedKey = Buffer.allocUnsafeSlow(24);

/**
 * Encrypts or decrypts whole blocks on the host: for keys that the token at hand cannot compute inside.
 * ECB without `iv`, else CBC. The result is written to `output`; what the library handed back is wiped.
 */
export function hostCipher(
  direction: 'encrypt' | 'decrypt',
  algorithm: CipherAlgorithm,
  key: Buffer,
  input: Uint8Array,
  output: Buffer,
  iv?: Buffer,
): Buffer {
  const name = nameOf(algorithm, key, iv === undefined ? 'ecb' : 'cbc');
  const material = algorithm === 'T' ? expand(key) : key;
  try {
    const create = direction === 'encrypt' ? createCipheriv : createDecipheriv;
    const cipher = create(name, material, iv ?? null);
    cipher.setAutoPadding(false);
    const result = cipher.update(input);
    output.set(result);
    result.fill(0);
    // Frees the library's context, which wipes its key schedule: otherwise it waits for the garbage collector.
    cipher.final();
    return output.subarray(0, input.length);
  } finally {
    expandedKey.fill(0);
  }
}

function nameOf(algorithm: CipherAlgorithm, key: Buffer, mode: string): string {
  return algorithm === 'T' ? `des-ede3-${mode}` : `aes-${key.length * 8}-${mode}`;
}

function expand(key: Buffer): Buffer {
  for (let i = 0; i < 24; i++) expandedKey[i] = key[i % key.length] ?? 0;
  return expandedKey;
}
