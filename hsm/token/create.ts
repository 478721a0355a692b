import { checkBlock } from '../operations/key-check.ts';
import { type KeyIdentity, type KeyUsage, secretKeyTemplate } from './keys.ts';
import { pkcs11, type Template, type TokenSession } from './pkcs11.ts';

/** The local master key: working keys are wrapped under it. */
export const LMK = 'LMK/1';

const AES_256 = 32;
const HALF = 8;

/** Puts a triple DES key of 16 or 24 bytes on the token; the caller wipes `value`. */
export function createTripleDesKey(
  session: TokenSession,
  label: string,
  usage: KeyUsage,
  value: Buffer,
  part: KeyIdentity['part'] = 'whole',
): void {
  session.create([
    ...secretKeyTemplate(label, { usage, algorithm: 'T', part }, true),
    { type: pkcs11.CKA_KEY_TYPE, value: value.length === 16 ? pkcs11.CKK_DES2 : pkcs11.CKK_DES3 },
    ...may('encrypt', 'decrypt'),
    { type: pkcs11.CKA_VALUE, value },
  ]);
}

/**
 * A MAC key of ISO 9797-1 algorithm 3 in the two forms its use needs: the left half alone (as K1|K1|K1, since tokens
 * refuse single DES) for the chain, and the whole key for the last block. The left one comes first: a key whose
 * creation was cut short is then absent, not half there.
 */
export function createMacKey(session: TokenSession, label: string, value: Buffer): void {
  const left = value.subarray(0, HALF);
  const tripled = Buffer.concat([left, left, left]);
  try {
    createTripleDesKey(session, label, 'M3', tripled, 'left');
    createTripleDesKey(session, label, 'M3', value);
  } finally {
    tripled.fill(0);
  }
}

/** AES-256 that may only wrap and unwrap. Its KCV is taken before it loses the right to encrypt. */
export function generateLmk(session: TokenSession, label: string): void {
  const identity = { usage: 'K0', algorithm: 'A', part: 'whole' } as const;
  const generated = session.generate({ mechanism: pkcs11.CKM_AES_KEY_GEN }, [
    ...secretKeyTemplate(label, identity, false),
    { type: pkcs11.CKA_VALUE_LEN, value: AES_256 },
    ...may('encrypt', 'wrap', 'unwrap'),
  ]);
  const recordedKcv = checkBlock(session, 'A', generated).subarray(0, 3).toString('hex').toUpperCase();
  session.copy(generated, [
    ...secretKeyTemplate(label, { ...identity, recordedKcv }, true).filter(({ type }) =>
      MAY_CHANGE.has(type),
    ),
    { type: pkcs11.CKA_ENCRYPT, value: false },
  ]);
  session.destroy(generated);
}

const MAY_CHANGE = new Set([pkcs11.CKA_TOKEN, pkcs11.CKA_ID]);

export function generatePanDataKey(session: TokenSession, label: string): void {
  session.generate({ mechanism: pkcs11.CKM_AES_KEY_GEN }, [
    ...secretKeyTemplate(label, { usage: 'D0', algorithm: 'A', part: 'whole' }, true),
    { type: pkcs11.CKA_VALUE_LEN, value: AES_256 },
    ...may('encrypt', 'decrypt'),
  ]);
}

export function generatePanLookupKey(session: TokenSession, label: string): void {
  session.generate({ mechanism: pkcs11.CKM_GENERIC_SECRET_KEY_GEN }, [
    ...secretKeyTemplate(label, { usage: 'HL', algorithm: 'H', part: 'whole' }, true),
    { type: pkcs11.CKA_VALUE_LEN, value: AES_256 },
    ...may('sign'),
  ]);
}

const PERMISSIONS = {
  encrypt: pkcs11.CKA_ENCRYPT,
  decrypt: pkcs11.CKA_DECRYPT,
  sign: pkcs11.CKA_SIGN,
  verify: pkcs11.CKA_VERIFY,
  wrap: pkcs11.CKA_WRAP,
  unwrap: pkcs11.CKA_UNWRAP,
  derive: pkcs11.CKA_DERIVE,
} as const;

type Permission = keyof typeof PERMISSIONS;

/** Every permission spelt out, since tokens differ in what an absent one means. */
function may(...granted: Permission[]): Template {
  return Object.entries(PERMISSIONS).map(([permission, type]) => ({
    type,
    value: granted.includes(permission as Permission),
  }));
}
