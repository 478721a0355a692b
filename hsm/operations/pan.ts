import { HsmError } from '../errors.ts';
import { secretOf } from '../keys/key.ts';
import { checkPan } from '../pin/formats.ts';
import { type Mechanism, pkcs11, TokenError } from '../token/pkcs11.ts';
import type { OperationContext } from './context.ts';

/** Ciphertext: `version u8 | IV 12 | encrypted PAN | tag 16`; the version names the key and is authenticated. */
const VERSION = 1;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const LONGEST_PAN = 19;
const LOOKUP_LENGTH = 32;

export const PAN_DATA_KEY = 'PAN-DATA/1';
export const PAN_LOOKUP_KEY = 'PAN-LOOKUP/1';

const clearPan = Buffer.allocUnsafeSlow(LONGEST_PAN + TAG_LENGTH);

/** AES-256-GCM for storage, HMAC-SHA256 for look-up; both keys stay in the token. */
export function protectPan(
  context: Pick<OperationContext, 'scratch' | 'key'>,
  pan: Uint8Array,
): { ciphertext: Buffer; lookup: Buffer } {
  checkPan(pan);
  const { session } = context.scratch;
  const iv = session.random(IV_LENGTH);
  try {
    clearPan.set(pan);
    const clear = clearPan.subarray(0, pan.length);
    const sealed = session.encrypt(
      galoisCounter(iv),
      secretOf(context.key(PAN_DATA_KEY, 'encrypt', 'D0')).handle,
      clear,
      Buffer.allocUnsafe(pan.length + TAG_LENGTH),
    );
    const lookup = session.sign(
      { mechanism: pkcs11.CKM_SHA256_HMAC },
      secretOf(context.key(PAN_LOOKUP_KEY, 'generate', 'HL')).handle,
      clear,
      Buffer.allocUnsafe(LOOKUP_LENGTH),
    );
    return { ciphertext: Buffer.concat([Buffer.from([VERSION]), iv, sealed]), lookup };
  } finally {
    clearPan.fill(0);
  }
}

/** @throws HSM_CIPHERTEXT_INVALID where it was altered, or sealed under another key */
export function revealPan(
  context: Pick<OperationContext, 'scratch' | 'key'>,
  ciphertext: Uint8Array,
): Buffer {
  const sealedLength = ciphertext.length - 1 - IV_LENGTH;
  if (ciphertext[0] !== VERSION || sealedLength <= TAG_LENGTH || sealedLength > LONGEST_PAN + TAG_LENGTH) {
    throw new HsmError('HSM_CIPHERTEXT_INVALID');
  }
  const sealed = Buffer.from(ciphertext);
  const iv = sealed.subarray(1, 1 + IV_LENGTH);
  const key = secretOf(context.key(PAN_DATA_KEY, 'decrypt', 'D0')).handle;
  try {
    const pan = context.scratch.session.decrypt(
      galoisCounter(iv),
      key,
      sealed.subarray(1 + IV_LENGTH),
      clearPan,
    );
    return Buffer.from(pan);
  } catch (error) {
    // Tokens answer a wrong tag with differing codes, some with the one for "I am broken": the server asks
    // the token itself which of the two it is.
    if (error instanceof TokenError) {
      throw new HsmError('HSM_CIPHERTEXT_INVALID', '', { cause: error });
    }
    throw error;
  } finally {
    clearPan.fill(0);
  }
}

function galoisCounter(iv: Buffer): Mechanism {
  return {
    mechanism: pkcs11.CKM_AES_GCM,
    parameter: {
      type: pkcs11.CK_PARAMS_AES_GCM_v240,
      iv,
      aad: Buffer.from([VERSION]),
      ivBits: IV_LENGTH * 8,
      tagBits: TAG_LENGTH * 8,
    } as Mechanism['parameter'] & object,
  };
}
