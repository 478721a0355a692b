import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { SimulatorError } from '../errors.ts';

/** Under double-length triple DES, or AES-128: the two kinds of protection key that simulators hold. */
export type KeyBlockVersion = 'B' | 'D';

/** What a key is for, and what may be done with it (X9.143): `P0` PIN, `M3` MAC; `E` encrypt, `C` make and verify … */
export interface KeyBlockUse {
  usage: string;
  mode: string;
}

interface Scheme {
  ecb: string;
  cbc: string;
  blockLength: 8 | 16;
  /** CMAC's R_b (NIST SP 800-38B). */
  polynomial: number;
  /** X9.143 derivation: the algorithm of the derived keys. */
  indicator: number;
}

const SCHEMES: Readonly<Record<KeyBlockVersion, Scheme>> = {
  B: { ecb: 'des-ede-ecb', cbc: 'des-ede-cbc', blockLength: 8, polynomial: 0x1b, indicator: 0 },
  D: { ecb: 'aes-128-ecb', cbc: 'aes-128-cbc', blockLength: 16, polynomial: 0x87, indicator: 2 },
};
const HEADER = /^([BD])(\d{4})([A-Z0-9]{2})T([A-Z0-9])[A-Za-z0-9]{2}[A-Z0-9]0000/;
const HEADER_LENGTH = 16;
const KEY_LENGTH = 16;
const LENGTH_FIELD = 2;

/** A double-length triple DES key as a key block that needs no optional blocks. @param padding fills the last block */
export function wrapKey(
  version: KeyBlockVersion,
  protection: Buffer,
  { usage, mode }: KeyBlockUse,
  key: Buffer,
  padding: (length: number) => Buffer,
): string {
  const scheme = SCHEMES[version];
  const length = Buffer.alloc(LENGTH_FIELD);
  length.writeUInt16BE(key.length * 8);
  const filled = LENGTH_FIELD + key.length;
  const payload = Buffer.concat([length, key, padding(-filled & (scheme.blockLength - 1))]);
  const total = HEADER_LENGTH + (payload.length + scheme.blockLength) * 2;
  const header = `${version}${String(total).padStart(4, '0')}${usage}T${mode}00N0000`;
  const keys = derivedKeys(scheme, protection);
  const mac = cmac(scheme, keys.authentication, Buffer.concat([Buffer.from(header, 'latin1'), payload]));
  const cipher = createCipheriv(scheme.cbc, keys.encryption, mac).setAutoPadding(false);
  return (
    header +
    Buffer.concat([cipher.update(payload), mac])
      .toString('hex')
      .toUpperCase()
  );
}

/**
 * Opens a key block.
 * @throws {SimulatorError} SIM_KEY_BLOCK where anything of it is wrong, its MAC included
 */
export function unwrapKey(protection: Buffer, block: string): KeyBlockUse & { key: Buffer } {
  const [, version = '', length, usage = '', mode = ''] = HEADER.exec(block) ?? [];
  const isWhole = Number(length) === block.length && /^[0-9A-F]+$/.test(block.slice(HEADER_LENGTH));
  if (!isVersion(version) || !isWhole) throw new SimulatorError('SIM_KEY_BLOCK', { reason: 'header' });
  const scheme = SCHEMES[version];
  const body = Buffer.from(block.slice(HEADER_LENGTH), 'hex');
  const mac = body.subarray(-scheme.blockLength);
  const keys = derivedKeys(scheme, protection);
  const decipher = createDecipheriv(scheme.cbc, keys.encryption, mac).setAutoPadding(false);
  const payload = decipher.update(body.subarray(0, -scheme.blockLength));
  const covered = Buffer.concat([Buffer.from(block.slice(0, HEADER_LENGTH), 'latin1'), payload]);
  if (!timingSafeEqual(cmac(scheme, keys.authentication, covered), mac)) {
    throw new SimulatorError('SIM_KEY_BLOCK', { reason: 'MAC' });
  }
  if (payload.readUInt16BE(0) !== KEY_LENGTH * 8) {
    throw new SimulatorError('SIM_KEY_BLOCK', { reason: 'length' });
  }
  return { usage, mode, key: Buffer.from(payload.subarray(LENGTH_FIELD, LENGTH_FIELD + KEY_LENGTH)) };
}

/** Six hex digits of a zero block under a double-length triple DES key. */
export function checkValue(key: Buffer): string {
  return encrypt('des-ede-ecb', key, Buffer.alloc(8)).subarray(0, 3).toString('hex').toUpperCase();
}

/** Every byte with an odd number of ones, as DES keys have it. */
export function withOddParity(key: Buffer): Buffer {
  return Buffer.from(key.map((byte) => (ones(byte >> 1) % 2 === 0 ? byte | 1 : byte & 0xfe)));
}

/** CMAC of a counter, a purpose, the algorithm and the length, for each block of a key (X9.143, key derivation). */
function derivedKeys(scheme: Scheme, protection: Buffer) {
  const derive = (purpose: number) => {
    const blocks = Array.from({ length: KEY_LENGTH / scheme.blockLength }, (_, index) => {
      const input = Buffer.from([index + 1, 0, purpose, 0, 0, scheme.indicator, 0, KEY_LENGTH * 8]);
      return cmac(scheme, protection, input);
    });
    return Buffer.concat(blocks);
  };
  return { encryption: derive(0), authentication: derive(1) };
}

/** NIST SP 800-38B. */
function cmac({ ecb, cbc, blockLength, polynomial }: Scheme, key: Buffer, data: Buffer): Buffer {
  const double = (block: Buffer): Buffer => {
    const value = BigInt(`0x${block.toString('hex')}`);
    const bits = BigInt(blockLength * 8);
    const carry = value >> (bits - 1n) === 1n ? BigInt(polynomial) : 0n;
    const doubled = ((value << 1n) & ((1n << bits) - 1n)) ^ carry;
    return Buffer.from(doubled.toString(16).padStart(blockLength * 2, '0'), 'hex');
  };
  const k1 = double(encrypt(ecb, key, Buffer.alloc(blockLength)));
  const missing = -data.length & (blockLength - 1);
  const isWhole = missing === 0 && data.length > 0;
  const padding = isWhole ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x80]), Buffer.alloc(missing - 1)]);
  const input = Buffer.concat([data, padding]);
  const mask = isWhole ? k1 : double(k1);
  for (let i = 0; i < blockLength; i += 1) {
    const at = input.length - blockLength + i;
    input[at] = (input[at] ?? 0) ^ (mask[i] ?? 0);
  }
  const cipher = createCipheriv(cbc, key, Buffer.alloc(blockLength)).setAutoPadding(false);
  return cipher.update(input).subarray(-blockLength);
}

function encrypt(algorithm: string, key: Buffer, data: Buffer): Buffer {
  return createCipheriv(algorithm, key, null).setAutoPadding(false).update(data);
}

function ones(byte: number): number {
  return byte === 0 ? 0 : (byte & 1) + ones(byte >> 1);
}

function isVersion(version: string): version is KeyBlockVersion {
  return version in SCHEMES;
}
