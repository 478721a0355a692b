import { setOddParity } from '../emv/keys.ts';
import { HsmError } from '../errors.ts';
import { derivationSubkey } from '../keyblock/keyblock.ts';
import { cmacByEncryption } from '../mac/mac.ts';
import { pkcs11 } from '../token/pkcs11.ts';
import type { Scratch, Secret, TokenSecret } from '../token/secrets.ts';
import { clearPart } from './parts.ts';
import { refusePublished } from './published.ts';
import { checkValue } from './strength.ts';
import { decodeIdentity, type KeyIdentity, storedKeyTemplate } from './token-keys.ts';
import {
  checkedParts,
  type KeyAlgorithm,
  type KeyPart,
  type KeyUsage,
  keyTypeOf,
  permissionsOf,
  permissionsOn,
  permissionTemplate,
  tokenLength,
} from './usage.ts';

/** The local master key, under which working keys are wrapped, and the key that seals their records. */
export const LMK = 'LMK/1';
export const RECORD_SEAL = 'LMK-SEAL/1';

const KCV_DIGITS = 6;
const KCV_BLOCK = 16;

/** What a key shows of itself: computed while its value is at hand. */
export interface KeyFacts {
  /** Six hex digits. */
  kcv: string;
  /** Hex, for AES and triple DES key block protection keys. */
  subkey: string | undefined;
}

/** KCV: a zero block under triple DES, CMAC of one under AES (X9.24-1), HMAC of 16 zero bytes (our convention). */
export function kcvOf(scratch: Scratch, key: Secret, algorithm: KeyAlgorithm): string {
  return checkBlock(scratch, key, algorithm).subarray(0, 3).toString('hex').toUpperCase();
}

/** The whole block a KCV is cut from: long enough to tell two keys apart for certain. */
export function checkBlock(scratch: Scratch, key: Secret, algorithm: KeyAlgorithm): Buffer {
  switch (algorithm) {
    case 'T':
      return scratch.encrypt(key, 'T', Buffer.alloc(8));
    case 'A':
      // By encryption: few keys may also sign.
      return cmacByEncryption(scratch, key, 'A', Buffer.alloc(KCV_BLOCK));
    case 'H':
      return scratch.hmac(key, 'sha256', Buffer.alloc(KCV_BLOCK));
  }
}

export function factsOf(scratch: Scratch, value: Buffer, usage: KeyUsage, algorithm: KeyAlgorithm): KeyFacts {
  const key = scratch.import(value, algorithm === 'H' ? 'hmac' : algorithm);
  const protection = usage === 'K1' && algorithm !== 'H';
  return {
    kcv: kcvOf(scratch, key, algorithm),
    subkey: protection ? derivationSubkey(scratch, key, algorithm).toString('hex').toUpperCase() : undefined,
  };
}

/**
 * Puts a clear key on the token for good, in all the forms its usage needs.
 * @param value in a scratch, or wiped by the caller
 * @param pinRule of a PIN verification key (pin/rule.ts), where it is not the common one. @returns its KCV
 */
export function storeKey(
  scratch: Scratch,
  label: string,
  usage: KeyUsage,
  algorithm: KeyAlgorithm,
  value: Buffer,
  pinRule?: string,
): string {
  const parts = checkedParts(usage, algorithm, value.length);
  checkValue(value, algorithm);
  if (scratch.session.refusesDevelopmentKeys) refusePublished(value, label);
  const facts = factsOf(scratch, value, usage, algorithm);
  removeCutShort(scratch, label);
  for (const part of parts) {
    const clear = clearPart(scratch, value, part);
    scratch.session.create([
      ...storedKeyTemplate({ label, usage, algorithm, part, ...recorded(usage, part, facts, pinRule) }, true),
      { type: pkcs11.CKA_KEY_TYPE, value: keyTypeOf(algorithm, tokenLength(part, value.length)) },
      ...permissionTemplate(permissionsOn(scratch.profile, usage, part)),
      { type: pkcs11.CKA_VALUE, value: clear },
    ]);
  }
  return facts.kcv;
}

/**
 * Forms of a key that was cut short while it was created have another value than the ones to come: a MAC key's halves
 * would not belong together. `whole` comes last, so where it is absent nothing else was ever used.
 */
function removeCutShort({ session }: Scratch, label: string): void {
  const left = session.find([
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_LABEL, value: label },
  ]);
  const ours = left.flatMap((object) => {
    const [id] = session.attributes(object, [pkcs11.CKA_ID]);
    const identity = id && decodeIdentity(id);
    return identity ? [{ object, part: identity.part }] : [];
  });
  if (ours.some(({ part }) => part === 'whole')) {
    throw new HsmError('HSM_CEREMONY_REFUSED', `${label} is on the token`);
  }
  for (const { object } of ours) session.destroyQuietly(object);
}

/** Only a key that can no longer show its KCV has it written down: what can be computed cannot be mislabelled. */
function recorded(
  usage: KeyUsage,
  part: KeyPart,
  facts: KeyFacts,
  pinRule: string | undefined,
): Partial<KeyIdentity> {
  if (usage === 'V1') return { subkey: pinRule };
  const shows = permissionsOf(usage, part).some(
    (permission) => permission === 'encrypt' || permission === 'sign',
  );
  return shows ? {} : { kcv: facts.kcv, subkey: facts.subkey };
}

/** A key made by the token itself, for good. Only for usages with one form. @returns its KCV */
export function generateStoredKey(
  scratch: Scratch,
  label: string,
  usage: KeyUsage,
  algorithm: 'A' | 'H',
  length: number,
): string {
  const { session } = scratch;
  const parts = checkedParts(usage, algorithm, length);
  if (parts.length !== 1) throw new Error(`a key of usage ${usage} has several forms`);
  const identity = { label, usage, algorithm, part: 'whole' } as const;
  const mechanism = algorithm === 'A' ? pkcs11.CKM_AES_KEY_GEN : pkcs11.CKM_GENERIC_SECRET_KEY_GEN;
  const permissions = permissionsOf(usage, 'whole');
  const shows = algorithm === 'A' ? 'encrypt' : 'sign';
  // It may show its KCV as long as it is a session object, and loses that right on its way to the token.
  const made = session.generate({ mechanism }, [
    ...storedKeyTemplate(identity, false),
    { type: pkcs11.CKA_VALUE_LEN, value: length },
    ...permissionTemplate([...permissions, shows]),
  ]);
  try {
    const key: TokenSecret = { place: 'token', type: algorithm === 'A' ? 'A' : 'hmac', length, handle: made };
    const kcv = kcvOf(scratch, key, algorithm);
    const recordedKcv = permissions.includes(shows) ? undefined : kcv;
    const changed = storedKeyTemplate({ ...identity, kcv: recordedKcv }, true);
    session.copy(made, [
      ...(permissions.includes(shows) ? [] : [{ type: pkcs11.CKA_ENCRYPT, value: false }]),
      ...changed.filter(({ type }) => CHANGES.has(type)),
    ]);
    return kcv.slice(0, KCV_DIGITS);
  } finally {
    session.destroyQuietly(made);
  }
}

const CHANGES = new Set([pkcs11.CKA_TOKEN, pkcs11.CKA_ID, pkcs11.CKA_MODIFIABLE]);

/** A random key value with DES parity where it is triple DES, in the scratch. */
export function randomValue(scratch: Scratch, algorithm: KeyAlgorithm, length: number): Buffer {
  const { bytes } = scratch.host(length);
  scratch.session.randomInto(bytes);
  return algorithm === 'T' ? setOddParity(bytes) : bytes;
}
