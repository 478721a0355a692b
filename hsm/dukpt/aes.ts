import { HsmError } from '../errors.ts';
import type { Scratch, Secret, SecretType } from '../token/secrets.ts';

/** AES DUKPT, ANSI X9.24-3:2017. A KSN is 12 bytes: initial key identifier 8, transaction counter 4. */
const AES_KSN_LENGTH = 12;

/** Table 2, key usage indicators. */
export const AES_DUKPT_USAGE = {
  keyEncryption: 0x0002,
  pinEncryption: 0x1000,
  macGeneration: 0x2000,
  macVerification: 0x2001,
  macBoth: 0x2002,
  dataEncryption: 0x3000,
  dataDecryption: 0x3001,
  dataBoth: 0x3002,
  keyDerivation: 0x8000,
  initialKeyDerivation: 0x8001,
} as const;

/** Table 3, algorithm indicators, with the length of the key and what it is used as. */
const KEY_TYPES = {
  '2TDEA': { indicator: 0, length: 16, type: 'T' },
  '3TDEA': { indicator: 1, length: 24, type: 'T' },
  AES128: { indicator: 2, length: 16, type: 'A' },
  AES192: { indicator: 3, length: 24, type: 'A' },
  AES256: { indicator: 4, length: 32, type: 'A' },
  HMAC128: { indicator: 5, length: 16, type: 'hmac' },
  HMAC192: { indicator: 5, length: 24, type: 'hmac' },
  HMAC256: { indicator: 5, length: 32, type: 'hmac' },
} as const satisfies Record<string, { indicator: number; length: number; type: SecretType }>;

export type AesDukptKeyType = keyof typeof KEY_TYPES;

export function aesDukptKeyTypeOf(name: string): AesDukptKeyType {
  if (name in KEY_TYPES) return name as AesDukptKeyType;
  throw new HsmError('HSM_REQUEST_INVALID', `a DUKPT key of type ${name}`);
}

function aesTypeOf(key: Secret): AesDukptKeyType {
  return aesDukptKeyTypeOf(`AES${key.length * 8}`);
}

/** 6.3.2: derivation data, one block for each 16 bytes of the derived key. */
function derivationData(keyType: AesDukptKeyType, usage: number, identifier: Buffer): Buffer {
  const { indicator, length } = KEY_TYPES[keyType];
  const blocks = Math.ceil(length / 16);
  const data = Buffer.alloc(blocks * 16);
  for (let block = 0; block < blocks; block++) {
    const at = block * 16;
    data.writeUInt8(1, at);
    data.writeUInt8(block + 1, at + 1);
    data.writeUInt16BE(usage, at + 2);
    data.writeUInt16BE(indicator, at + 4);
    data.writeUInt16BE(length * 8, at + 6);
    data.set(identifier, at + 8);
  }
  return data;
}

/** 6.3.1: a key derived under an AES key. */
function derive(
  scratch: Scratch,
  key: Secret,
  keyType: AesDukptKeyType,
  usage: number,
  identifier: Buffer,
  type: SecretType = KEY_TYPES[keyType].type,
): Secret {
  return scratch.derive(
    key,
    'A',
    derivationData(keyType, usage, identifier),
    type,
    KEY_TYPES[keyType].length,
  );
}

/** 6.3.4: the initial key of a device. @param initialKeyId 8 bytes */
export function aesInitialKey(scratch: Scratch, bdk: Secret, initialKeyId: Buffer): Secret {
  if (initialKeyId.length !== 8) {
    throw new HsmError('HSM_REQUEST_INVALID', `an initial key identifier of ${initialKeyId.length} bytes`);
  }
  return derive(scratch, bdk, aesTypeOf(bdk), AES_DUKPT_USAGE.initialKeyDerivation, initialKeyId);
}

/** 6.3.5: the derivation key of one transaction. */
export function aesTransactionKey(scratch: Scratch, bdk: Secret, ksn: Buffer): Secret {
  const { initialKeyId, counter } = partsOf(ksn);
  return keyOfCounter(scratch, aesInitialKey(scratch, bdk, initialKeyId), initialKeyId, counter);
}

/** One derivation for each bit of the counter, the highest first. */
function keyOfCounter(scratch: Scratch, initialKey: Secret, initialKeyId: Buffer, counter: number): Secret {
  let key = initialKey;
  let working = 0;
  for (let bit = 31; bit >= 0; bit--) {
    const mask = 2 ** bit;
    if (Math.floor(counter / mask) % 2 === 0) continue;
    working += mask;
    const identifier = identifierOf(initialKeyId, working);
    key = derive(scratch, key, aesTypeOf(initialKey), AES_DUKPT_USAGE.keyDerivation, identifier);
  }
  return key;
}

/** 6.3.6: a working key of one transaction. @param type what it is used as, where not what its type says */
export function aesWorkingKey(
  scratch: Scratch,
  bdk: Secret,
  ksn: Buffer,
  usage: number,
  keyType: AesDukptKeyType,
  type?: SecretType,
): Secret {
  const { initialKeyId, counter } = partsOf(ksn);
  const transaction = aesTransactionKey(scratch, bdk, ksn);
  return derive(scratch, transaction, keyType, usage, identifierOf(initialKeyId, counter), type);
}

/**
 * 6.5.3: the key that carries a new initial key to the device, at the counter no transaction reaches.
 * @param type what it is used as, where not what its type says
 */
export function aesUpdateKey(
  scratch: Scratch,
  initialKey: Secret,
  initialKeyId: Buffer,
  keyType: AesDukptKeyType,
  counter = 0xffff_ffff,
  type?: SecretType,
): Secret {
  const key = keyOfCounter(scratch, initialKey, initialKeyId, counter);
  const identifier = identifierOf(initialKeyId, counter);
  return derive(scratch, key, keyType, AES_DUKPT_USAGE.keyEncryption, identifier, type);
}

function partsOf(ksn: Buffer): { initialKeyId: Buffer; counter: number } {
  if (ksn.length !== AES_KSN_LENGTH) {
    throw new HsmError('HSM_REQUEST_INVALID', `a KSN of ${ksn.length} bytes`);
  }
  return { initialKeyId: ksn.subarray(0, 8), counter: ksn.readUInt32BE(8) };
}

function identifierOf(initialKeyId: Buffer, counter: number): Buffer {
  const identifier = Buffer.alloc(8);
  initialKeyId.copy(identifier, 0, 4, 8);
  identifier.writeUInt32BE(counter, 4);
  return identifier;
}
