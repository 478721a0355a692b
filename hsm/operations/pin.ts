import { HsmError } from '../errors.ts';
import type { TokenKeys } from '../token/context.ts';
import { pkcs11 } from '../token/pkcs11.ts';
import { checkFormat0, checkPan, PIN_BLOCK_LENGTH } from './pin-format0.ts';

const TRIPLE_DES_ECB = { mechanism: pkcs11.CKM_DES3_ECB };

/** Holds one clear PIN block for the length of one call, outside the garbage collector's moving heap. */
const clearBlock = Buffer.allocUnsafeSlow(PIN_BLOCK_LENGTH);

export interface PinTranslation {
  from: string;
  to: string;
  /** ASCII digits. */
  pan: Uint8Array;
  block: Uint8Array;
}

/** Format 0 under one PIN key to format 0 under another, for the same PAN. */
export function translatePin({ session, keys }: TokenKeys, request: PinTranslation): Buffer {
  checkPan(request.pan);
  if (request.block.length !== PIN_BLOCK_LENGTH) {
    throw new HsmError('HSM_REQUEST_INVALID', `a PIN block of ${request.block.length} bytes`);
  }
  const from = keys.handle(request.from, 'P0');
  const to = keys.handle(request.to, 'P0');
  const encrypted = Buffer.from(request.block.buffer, request.block.byteOffset, PIN_BLOCK_LENGTH);
  try {
    session.decrypt(TRIPLE_DES_ECB, from, encrypted, clearBlock);
    checkFormat0(clearBlock, request.pan);
    return session.encrypt(TRIPLE_DES_ECB, to, clearBlock, Buffer.allocUnsafe(PIN_BLOCK_LENGTH));
  } finally {
    clearBlock.fill(0);
  }
}
