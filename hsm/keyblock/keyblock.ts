import { timingSafeEqual } from 'node:crypto';
import { HsmError } from '../errors.ts';
import { cbcMac, cmacSubkeys } from '../mac/mac.ts';
import { BLOCK_LENGTH, type CipherAlgorithm } from '../token/host-cipher.ts';
import type { Scratch, Secret, SecretType } from '../token/secrets.ts';
import {
  BLOCK_MULTIPLE,
  formatHeader,
  type KeyBlockHeader,
  type KeyBlockVersion,
  MAC_LENGTH,
  parseKeyBlock,
} from './header.ts';

/** The two keys a block is made with: one encrypts, one authenticates. */
export interface ProtectionKeys {
  encryption: Secret;
  authentication: Secret;
}

/**
 * A key block protection key in the forms its use needs. Variants are for tokens that cannot XOR inside; the CMAC
 * subkey lets a key that may only derive make the derived keys (see docs/hsm.md for what knowing it means).
 */
export interface ProtectionKey {
  key: Secret;
  variants?: ProtectionKeys;
  subkey?: Buffer;
}

export interface UnwrappedKey {
  header: KeyBlockHeader;
  /** The key, in the token where it could be opened there. */
  key: Secret;
}

const ENCRYPTION_VARIANT = 0x45;
const AUTHENTICATION_VARIANT = 0x4d;
const LENGTH_FIELD = 2;
/** Softokn refuses longer secrets than this. */
const LONGEST_INSIDE = 256;

export function algorithmOfVersion(version: KeyBlockVersion): CipherAlgorithm {
  return version === 'D' || version === 'E' ? 'A' : 'T';
}

/** Versions A and C: every byte of the key XORed with `E` or `M`. */
export function variantKeys(scratch: Scratch, key: Secret): ProtectionKeys {
  return {
    encryption: scratch.xor(key, Buffer.alloc(key.length, ENCRYPTION_VARIANT)),
    authentication: scratch.xor(key, Buffer.alloc(key.length, AUTHENTICATION_VARIANT)),
  };
}

/** The variants of a clear key, for its import. */
export function clearVariant(key: Buffer, purpose: keyof ProtectionKeys): Buffer {
  const mask = purpose === 'encryption' ? ENCRYPTION_VARIANT : AUTHENTICATION_VARIANT;
  return Buffer.from(key.map((byte) => byte ^ mask));
}

/** Usage indicators of the derivation: CBC or CTR encryption, and the MAC that goes with each. */
const DERIVATION_USAGE = {
  encryption: { T: 0, A: 0, E: 2 },
  authentication: { T: 1, A: 1, E: 1 },
} as const;

/** Versions B, D and E: CMAC in counter mode (NIST SP 800-108) over one block for each block of the derived key. */
export function derivedKey(
  scratch: Scratch,
  { key, subkey }: ProtectionKey,
  algorithm: CipherAlgorithm,
  purpose: keyof ProtectionKeys,
  counterMode = false,
  type: SecretType = algorithm,
): Secret {
  const block = BLOCK_LENGTH[algorithm];
  const usage = DERIVATION_USAGE[purpose][counterMode ? 'E' : algorithm];
  const mask = subkey ?? derivationSubkey(scratch, key, algorithm);
  const blocks = Math.ceil(key.length / block);
  const input = Buffer.alloc(blocks * block);
  for (let i = 0; i < blocks; i++) {
    const at = i * block;
    input.writeUInt8(i + 1, at);
    input.writeUInt16BE(usage, at + 1);
    input.writeUInt16BE(algorithmIndicator(algorithm, key.length), at + 4);
    input.writeUInt16BE(key.length * 8, at + 6);
    if (block === 16) input.writeUInt8(0x80, at + 8);
    for (let j = 0; j < block; j++) input[at + j] = (input[at + j] ?? 0) ^ (mask[j] ?? 0);
  }
  return scratch.derive(key, algorithm, input, type, key.length);
}

/** The CMAC subkey that the one block of derivation input is masked with: whole for triple DES, padded for AES. */
export function derivationSubkey(scratch: Scratch, key: Secret, algorithm: CipherAlgorithm): Buffer {
  const { k1, k2 } = cmacSubkeys(scratch, key, algorithm);
  return algorithm === 'T' ? k1 : k2;
}

function algorithmIndicator(algorithm: CipherAlgorithm, length: number): number {
  if (algorithm === 'T') return length === 16 ? 0 : 1;
  return length / 8;
}

function protectionKeys(
  scratch: Scratch,
  protection: ProtectionKey,
  version: KeyBlockVersion,
): ProtectionKeys {
  const { length } = protection.key;
  const allowed = { A: [8, 16, 24], B: [16, 24], C: [8, 16, 24], D: [16, 24, 32], E: [16, 24, 32] }[version];
  if (!allowed.includes(length)) {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', `a protection key of ${length} bytes for version ${version}`);
  }
  if (version === 'A' || version === 'C') return protection.variants ?? variantKeys(scratch, protection.key);
  const algorithm = algorithmOfVersion(version);
  return {
    encryption: derivedKey(scratch, protection, algorithm, 'encryption', version === 'E'),
    authentication: derivedKey(scratch, protection, algorithm, 'authentication', version === 'E'),
  };
}

/** @throws HSM_KEY_BLOCK_INVALID where anything of it is wrong, the MAC included */
export function unwrapKeyBlock(scratch: Scratch, protection: ProtectionKey, text: string): UnwrappedKey {
  const { header, headerText, encrypted, mac } = parseKeyBlock(text);
  const keys = protectionKeys(scratch, protection, header.version);
  const covered = Buffer.from(headerText, 'latin1');
  if (header.version === 'A' || header.version === 'C') {
    // The MAC covers the ciphertext: it is checked before anything is decrypted.
    checkMac(macOfCiphertext(scratch, keys, covered, encrypted), mac);
    return {
      header,
      key: keyOfPayload(scratch, openPayload(scratch, keys, header.version, encrypted, covered, mac)),
    };
  }
  const payload = openPayload(scratch, keys, header.version, encrypted, covered, mac);
  checkMac(macOfPayload(scratch, keys, header.version, covered, payload), mac);
  return { header, key: keyOfPayload(scratch, payload) };
}

/** @param key in the token or on the host. @param paddedLength hides the length of shorter keys */
export function wrapKeyBlock(
  scratch: Scratch,
  protection: ProtectionKey,
  header: KeyBlockHeader,
  key: Secret,
  paddedLength = key.length,
): string {
  const { version } = header;
  const keys = protectionKeys(scratch, protection, version);
  const payload = payloadOf(scratch, key, version, paddedLength);
  const headerText = formatHeader(header, payload.length);
  const covered = Buffer.from(headerText, 'latin1');
  const byCiphertext = version === 'A' || version === 'C';
  const mac = byCiphertext ? Buffer.alloc(0) : macOfPayload(scratch, keys, version, covered, payload);
  const encrypted = sealPayload(scratch, keys, version, payload, covered, mac);
  const finalMac = byCiphertext ? macOfCiphertext(scratch, keys, covered, encrypted) : mac;
  return `${headerText}${Buffer.concat([encrypted, finalMac]).toString('hex').toUpperCase()}`;
}

/** `length in bits u16 | key | random padding`. */
function payloadOf(scratch: Scratch, key: Secret, version: KeyBlockVersion, paddedLength: number): Secret {
  const length = Buffer.alloc(LENGTH_FIELD);
  length.writeUInt16BE(key.length * 8);
  const multiple = version === 'E' ? 1 : BLOCK_MULTIPLE[version];
  const total = Math.ceil((LENGTH_FIELD + Math.max(paddedLength, key.length)) / multiple) * multiple;
  const padding = total - LENGTH_FIELD - key.length;
  return padding === 0
    ? scratch.concat(length, key)
    : scratch.concat(length, key, scratch.session.random(padding));
}

function openPayload(
  scratch: Scratch,
  keys: ProtectionKeys,
  version: KeyBlockVersion,
  encrypted: Buffer,
  header: Buffer,
  mac: Buffer,
): Secret {
  if (version === 'E') return counterMode(scratch, keys.encryption, scratch.hostFrom(encrypted), mac);
  const iv = version === 'A' || version === 'C' ? header.subarray(0, 8) : mac;
  const algorithm = algorithmOfVersion(version);
  const { canUnwrap, canCompute } = scratch.profile;
  const inside = canUnwrap && canCompute && header.length + encrypted.length <= LONGEST_INSIDE;
  return inside
    ? scratch.decryptToSecret(keys.encryption, algorithm, encrypted, iv)
    : scratch.decryptToHost(keys.encryption, algorithm, encrypted, iv);
}

function sealPayload(
  scratch: Scratch,
  keys: ProtectionKeys,
  version: KeyBlockVersion,
  payload: Secret,
  header: Buffer,
  mac: Buffer,
): Buffer {
  if (version === 'E') {
    return Buffer.from(
      counterMode(scratch, keys.encryption, scratch.hostFrom(scratch.bytesOf(payload)), mac).bytes,
    );
  }
  const iv = version === 'A' || version === 'C' ? header.subarray(0, 8) : mac;
  const sealed = scratch.encryptSecret(keys.encryption, algorithmOfVersion(version), payload, iv);
  return sealed.subarray(0, payload.length);
}

/** AES in counter mode, both ways: the counter starts at the MAC. */
function counterMode(scratch: Scratch, key: Secret, data: { bytes: Buffer; length: number }, start: Buffer) {
  const blocks = Math.ceil(data.length / 16);
  const counters = Buffer.alloc(blocks * 16);
  let counter = BigInt(`0x${start.toString('hex')}`);
  for (let i = 0; i < blocks; i++) {
    counters.write(counter.toString(16).padStart(32, '0'), i * 16, 'hex');
    counter = (counter + 1n) & ((1n << 128n) - 1n);
  }
  const stream = scratch.encryptToHost(key, 'A', counters);
  const result = scratch.host(data.length);
  for (let i = 0; i < data.length; i++) result.bytes[i] = (data.bytes[i] ?? 0) ^ (stream.bytes[i] ?? 0);
  return result;
}

function macOfCiphertext(scratch: Scratch, keys: ProtectionKeys, header: Buffer, encrypted: Buffer): Buffer {
  const covered = Buffer.concat([header, encrypted]);
  return cbcMac(scratch, keys.authentication, 'T', covered).subarray(0, MAC_LENGTH.A);
}

/** CMAC over header and clear payload. Payloads of E are not whole blocks, and are on the host. */
function macOfPayload(
  scratch: Scratch,
  keys: ProtectionKeys,
  version: KeyBlockVersion,
  header: Buffer,
  payload: Secret,
): Buffer {
  const algorithm = algorithmOfVersion(version);
  const block = BLOCK_LENGTH[algorithm];
  const { k1, k2 } = cmacSubkeys(scratch, keys.authentication, algorithm);
  const missing = (block - ((header.length + payload.length) % block)) % block;
  const padding = Buffer.alloc(missing);
  if (missing > 0) padding[0] = 0x80;
  const covered = missing === 0 ? scratch.concat(header, payload) : scratch.concat(header, payload, padding);
  const mask = Buffer.alloc(covered.length);
  mask.set(missing === 0 ? k1 : k2, covered.length - block);
  const input = scratch.xor(covered, mask);
  const chain = scratch.encryptSecret(keys.authentication, algorithm, input, Buffer.alloc(block));
  return Buffer.from(chain.subarray(covered.length - block, covered.length));
}

/** The two length bytes are told by their value in the header's algorithm anyway: they are no secret. */
function keyOfPayload(scratch: Scratch, payload: Secret): Secret {
  const high = scratch.firstByte(payload);
  const low = scratch.firstByte(scratch.slice(payload, 1, 1));
  const bits = high * 256 + low;
  const length = bits / 8;
  if (bits === 0 || bits % 8 !== 0 || length > payload.length - LENGTH_FIELD) {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', 'the length of the key');
  }
  return scratch.slice(payload, LENGTH_FIELD, length);
}

function checkMac(expected: Buffer, mac: Buffer): void {
  if (!timingSafeEqual(expected, mac)) throw new HsmError('HSM_KEY_BLOCK_INVALID', 'MAC');
}
