import { maskedBdk } from '../dukpt/tdes.ts';
import { clearVariant } from '../keyblock/keyblock.ts';
import type { Scratch } from '../token/secrets.ts';
import type { KeyPart } from './usage.ts';

/** One form of a clear key, as it goes into the token. In the scratch, which wipes it. */
export function clearPart(scratch: Scratch, key: Buffer, part: KeyPart): Buffer {
  switch (part) {
    case 'whole':
      return key;
    case 'left':
      return tripled(scratch, key.subarray(0, 8));
    case 'masked':
      return wipedCopy(scratch, maskedBdk(key));
    case 'encryption':
    case 'authentication':
      return wipedCopy(scratch, clearVariant(key, part));
  }
}

function tripled(scratch: Scratch, left: Buffer): Buffer {
  const { bytes } = scratch.host(24);
  for (let i = 0; i < 24; i++) bytes[i] = left[i % 8] ?? 0;
  return bytes;
}

/** Moves a computed value into the scratch and wipes where it was. */
function wipedCopy(scratch: Scratch, value: Buffer): Buffer {
  const { bytes } = scratch.hostFrom(value);
  value.fill(0);
  return bytes;
}
