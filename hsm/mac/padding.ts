import { HsmError } from '../errors.ts';

/** Padding methods of ISO/IEC 9797-1: 1 = zeroes, 2 = `80` and zeroes, 3 = zeroes, with the length in bits first. */
export type PaddingMethod = 1 | 2 | 3;

/** Methods 1 and 3 pad no data at all to one block of zeroes ("a positive integer multiple", 6.3.2 and 6.3.4). */
export function pad(data: Uint8Array, blockSize: number, method: PaddingMethod): Buffer {
  const marker = method === 2 ? 1 : 0;
  const blocks = Math.max(1, Math.ceil((data.length + marker) / blockSize));
  const lengthBlock = method === 3 ? blockSize : 0;
  const end = lengthBlock + data.length;
  // From the pool: a buffer of its own for each message would cost more than its padding.
  const padded = Buffer.allocUnsafe(lengthBlock + blocks * blockSize);
  padded.fill(0, 0, lengthBlock).set(data, lengthBlock);
  padded.fill(0, end);
  if (method === 2) padded[data.length] = 0x80;
  if (method === 3) padded.writeUInt32BE(data.length * 8, blockSize - 4);
  return padded;
}

export function paddingMethodOf(value: unknown): PaddingMethod {
  if (value === 1 || value === 2 || value === 3) return value;
  throw new HsmError('HSM_REQUEST_INVALID', `padding method ${String(value)}`);
}
