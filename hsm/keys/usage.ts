import { HsmError } from '../errors.ts';
import { pkcs11, type Template } from '../token/pkcs11.ts';

/** The algorithm letters of a key block header: A = AES, T = triple DES, H = HMAC. */
export type KeyAlgorithm = 'A' | 'T' | 'H';

/**
 * The forms a key is held in. Most tokens cannot take a key apart nor XOR it, so what a use needs beside the whole key
 * is an object of its own: the left half of a MAC key, a masked BDK, the variants of a key block protection key.
 */
export type KeyPart = 'whole' | 'left' | 'masked' | 'encryption' | 'authentication';

export type Permission = 'encrypt' | 'decrypt' | 'sign' | 'wrap' | 'unwrap' | 'derive';

interface UsageRule {
  meaning: string;
  parts: Readonly<Partial<Record<KeyAlgorithm, readonly KeyPart[]>>>;
  permissions: readonly Permission[];
}

const WHOLE: readonly KeyPart[] = ['whole'];
const HALVED: readonly KeyPart[] = ['left', 'whole'];

/**
 * Key usages (X9.143 names, but `HL` and `KM`, which never leave, and `PT`, which leaves as P0), the forms each is held
 * in, and all that may be done with it. A key that may derive may do nothing else. `whole` comes last: a key cut short
 * while created is absent.
 */
export const KEY_USAGES = {
  P0: {
    meaning: 'PIN encryption between zones (ZPK)',
    parts: { T: WHOLE, A: WHOLE },
    permissions: ['encrypt', 'decrypt', 'wrap', 'unwrap'],
  },
  PT: {
    meaning: 'PIN encryption at a terminal (TPK): PINs come under it, none goes; it leaves as P0',
    parts: { T: WHOLE, A: WHOLE },
    permissions: ['encrypt', 'decrypt', 'wrap', 'unwrap'],
  },
  M1: { meaning: 'MAC, ISO 9797-1 algorithm 1', parts: { T: WHOLE }, permissions: ['encrypt'] },
  M3: { meaning: 'MAC, ISO 9797-1 algorithm 3 (TAK, ZAK)', parts: { T: HALVED }, permissions: ['encrypt'] },
  M6: { meaning: 'MAC, CMAC', parts: { T: WHOLE, A: WHOLE }, permissions: ['encrypt', 'sign'] },
  M7: { meaning: 'MAC, HMAC', parts: { H: WHOLE }, permissions: ['sign'] },
  B0: {
    meaning: 'DUKPT base derivation key',
    parts: { T: ['masked', 'whole'], A: WHOLE },
    permissions: ['derive'],
  },
  C0: { meaning: 'card verification (CVK)', parts: { T: HALVED }, permissions: ['encrypt'] },
  V1: { meaning: 'PIN verification, IBM 3624', parts: { T: WHOLE }, permissions: ['encrypt'] },
  V2: { meaning: 'PIN verification, Visa PVV', parts: { T: WHOLE }, permissions: ['encrypt', 'wrap'] },
  E0: { meaning: 'EMV issuer master key, cryptograms', parts: { T: WHOLE }, permissions: ['derive'] },
  E1: {
    meaning: 'EMV issuer master key, script confidentiality',
    parts: { T: WHOLE },
    permissions: ['derive'],
  },
  E2: { meaning: 'EMV issuer master key, script integrity', parts: { T: WHOLE }, permissions: ['derive'] },
  D0: { meaning: 'data encryption', parts: { A: WHOLE }, permissions: ['encrypt', 'decrypt'] },
  K1: {
    meaning: 'key block protection (ZMK, TMK)',
    parts: { T: ['encryption', 'authentication', 'whole'], A: WHOLE },
    permissions: ['derive'],
  },
  K0: { meaning: 'local master key', parts: { A: WHOLE }, permissions: ['wrap', 'unwrap'] },
  HL: { meaning: 'look-up of PANs', parts: { H: WHOLE }, permissions: ['sign'] },
  KM: { meaning: 'seal of key records and transcripts', parts: { H: WHOLE }, permissions: ['sign'] },
} as const satisfies Record<string, UsageRule>;

export type KeyUsage = keyof typeof KEY_USAGES;

export function isKeyUsage(usage: string): usage is KeyUsage {
  return usage in KEY_USAGES;
}

/** What a key block of this key says its usage is: a terminal's PIN key and a zone's are one to X9.143. */
export function usageOutside(usage: KeyUsage): string {
  return usage === 'PT' ? 'P0' : usage;
}

function ruleOf(usage: KeyUsage): UsageRule {
  return KEY_USAGES[usage];
}

/** @throws HSM_REQUEST_INVALID where a key of this usage cannot be of this algorithm or length */
export function checkedParts(usage: KeyUsage, algorithm: KeyAlgorithm, length: number): readonly KeyPart[] {
  const parts = ruleOf(usage).parts[algorithm];
  const lengths = { T: [16, 24], A: [16, 24, 32], H: [16, 24, 32, 64] }[algorithm];
  // The two halves of these are single DES keys by their standards; a DUKPT base key is double length.
  const doubleOnly = usage === 'C0' || (usage === 'B0' && algorithm === 'T');
  if (parts === undefined || !lengths.includes(length) || (doubleOnly && length !== 16)) {
    throw new HsmError(
      'HSM_REQUEST_INVALID',
      `a key of usage ${usage}, algorithm ${algorithm} and ${length} bytes`,
    );
  }
  return parts;
}

/**
 * What a key part may do on this token. One that cannot derive by encrypting data has what it derives computed here,
 * for which a key that derives must encrypt: docs/hsm.md says what that gives away.
 */
export function permissionsOn(
  { canEcbDerive }: { readonly canEcbDerive: boolean },
  usage: KeyUsage,
  part: KeyPart,
): readonly Permission[] {
  const permissions = permissionsOf(usage, part);
  if (canEcbDerive || !permissions.includes('derive')) return permissions;
  return [...permissions, 'encrypt'];
}

/** What a key part may do. The variants of a protection key work as the derived keys of other versions do. */
export function permissionsOf(usage: KeyUsage, part: KeyPart): readonly Permission[] {
  if (part === 'encryption') return ['encrypt', 'decrypt', 'wrap', 'unwrap'];
  if (part === 'authentication') return ['encrypt', 'wrap'];
  return ruleOf(usage).permissions;
}

const PERMISSION_ATTRIBUTES: Readonly<Record<Permission, readonly number[]>> = {
  encrypt: [pkcs11.CKA_ENCRYPT],
  decrypt: [pkcs11.CKA_DECRYPT],
  sign: [pkcs11.CKA_SIGN, pkcs11.CKA_VERIFY],
  wrap: [pkcs11.CKA_WRAP],
  unwrap: [pkcs11.CKA_UNWRAP],
  derive: [pkcs11.CKA_DERIVE],
};

/** Every permission spelt out, since tokens differ in what an absent one means. */
export function permissionTemplate(granted: readonly Permission[]): Template {
  return Object.entries(PERMISSION_ATTRIBUTES).flatMap(([permission, types]) =>
    types.map((type) => ({ type, value: granted.includes(permission as Permission) })),
  );
}

/**
 * A key of this form in a token: a left half is the same eight bytes three times, as no token does single DES for all.
 */
export function tokenLength(part: KeyPart, length: number): number {
  return part === 'left' ? 24 : length;
}

export function keyTypeOf(algorithm: KeyAlgorithm, length: number): number {
  if (algorithm === 'A') return pkcs11.CKK_AES;
  if (algorithm === 'H') return pkcs11.CKK_GENERIC_SECRET;
  return length === 16 ? pkcs11.CKK_DES2 : pkcs11.CKK_DES3;
}
