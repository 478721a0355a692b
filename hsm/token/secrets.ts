import { createHmac, timingSafeEqual } from 'node:crypto';
import { ARENA_LENGTH, arena } from './arena.ts';
import { byteOfHmac, HMAC, type HmacHash, ORACLE_DATA } from './hmac.ts';
import { BLOCK_LENGTH, type CipherAlgorithm, hostCipher } from './host-cipher.ts';
import {
  aesNeedsIv,
  cipherMechanism,
  deriveMechanism,
  fixedLength,
  keyTypeOf,
  type SecretType,
  stringData,
  wipeStringData,
  ZERO_IV,
} from './mechanisms.ts';
import { type Handle, pkcs11, type TokenSession } from './pkcs11.ts';
import type { TokenProfile } from './profile.ts';
import { secretTemplate } from './secret-template.ts';

export type { HmacHash } from './hmac.ts';
export type { SecretType } from './mechanisms.ts';

/** A secret value inside the token. */
export interface TokenSecret {
  readonly place: 'token';
  readonly type: SecretType;
  readonly length: number;
  readonly handle: Handle;
  /** A key that outlives the scratch, so that an operation may be left open for it. */
  readonly lasting?: boolean;
}

/** A secret value the token at hand could not hold or compute: in a host buffer, wiped when its scratch ends. */
export interface HostSecret {
  readonly place: 'host';
  readonly length: number;
  readonly bytes: Buffer;
}

export type Secret = TokenSecret | HostSecret;

/** SoftHSM refuses HMAC keys shorter than the hash: such a key is used on the host. */
const LONG_HMAC_KEY = 64;

let arenaUsed = 0;

/** Where the values of one piece of work went: reported per operation by the status API. */
export type Place = 'token' | 'host';

/**
 * Secret values for the length of one piece of work. Every method has two ways: inside the token where the token
 * was seen to be able, else on the host; an algorithm is written once, over these. At the end every object made on
 * the way is destroyed and every host byte wiped, also after a failure.
 */
export class Scratch {
  readonly session: TokenSession;
  profile: TokenProfile;
  /** Whether derived objects may be read back: known-answer tests only, whose keys are published. */
  readonly readable: boolean;
  /** `host` as soon as one secret value was in our memory. */
  place: Place = 'token';
  readonly #made: Handle[] = [];
  readonly #arenaStart = arenaUsed;

  private constructor(session: TokenSession, profile: TokenProfile, readable: boolean) {
    this.session = session;
    this.profile = profile;
    this.readable = readable;
  }

  static use<T>(
    session: TokenSession,
    profile: TokenProfile,
    work: (scratch: Scratch) => T,
    readable = false,
  ): T {
    const scratch = new Scratch(session, profile, readable);
    try {
      return work(scratch);
    } finally {
      scratch.#end();
    }
  }

  /** Does a piece of work with its values on the host, whatever the token can. */
  onHost<T>(work: () => T): T {
    const { profile } = this;
    this.profile = { ...profile, canUnwrap: false, canCompute: false };
    try {
      return work();
    } finally {
      this.profile = profile;
    }
  }

  /** Room for a secret of our own making, wiped at the end. */
  host(length: number): HostSecret {
    if (arenaUsed + length > ARENA_LENGTH) throw new RangeError('a secret too long for the scratch');
    const bytes = arena.subarray(arenaUsed, arenaUsed + length);
    arenaUsed += length;
    this.place = 'host';
    return { place: 'host', length, bytes };
  }

  /** A copy of clear bytes. The caller wipes the original. */
  hostFrom(bytes: Uint8Array): HostSecret {
    const secret = this.host(bytes.length);
    secret.bytes.set(bytes);
    return secret;
  }

  /** Puts clear bytes into the token as a session object, for this scratch only. */
  import(bytes: Uint8Array, type: SecretType): TokenSecret {
    const value = Buffer.from(bytes);
    const handle = this.session.create([
      ...secretTemplate(this.readable, type, undefined),
      { type: pkcs11.CKA_KEY_TYPE, value: keyTypeOf(type, value.length, this.profile) },
      { type: pkcs11.CKA_VALUE, value: this.#tokenForm(value, type) },
    ]);
    value.fill(0);
    return this.#keep({ place: 'token', type, length: bytes.length, handle });
  }

  /** Encrypts public data: ECB without `iv`, else CBC. */
  encrypt(key: Secret, algorithm: CipherAlgorithm, data: Buffer, iv?: Buffer): Buffer {
    const output = Buffer.allocUnsafe(data.length);
    if (key.place === 'host') return hostCipher('encrypt', algorithm, key.bytes, data, output, iv);
    return this.#crypt('encrypt', key, algorithm, data, output, iv);
  }

  /** The last block of a CBC encryption of public data from an IV of zeroes, which a MAC is: `data` in whole blocks. */
  lastOfChain(key: Secret, algorithm: CipherAlgorithm, data: Buffer): Buffer {
    const from = data.length - BLOCK_LENGTH[algorithm];
    const iv = ZERO_IV[algorithm];
    if (key.place === 'token' && this.#mayStand(key, algorithm)) {
      const output = Buffer.allocUnsafe(data.length);
      const mechanism = cipherMechanism(key, algorithm, iv, this.profile);
      const handle = this.asKey(key, algorithm).handle;
      if (this.session.standing.chain(mechanism, handle, data, output)) return output.subarray(from);
    }
    return this.encrypt(key, algorithm, data, iv).subarray(from);
  }

  /** Decrypts to public data. */
  decrypt(key: Secret, algorithm: CipherAlgorithm, data: Buffer, iv?: Buffer): Buffer {
    return this.#decryptInto(key, algorithm, data, Buffer.allocUnsafe(data.length), iv);
  }

  /** Decrypts to a secret: an unwrapped object where the token can, else host bytes. */
  decryptToSecret(key: Secret, algorithm: CipherAlgorithm, data: Buffer, iv?: Buffer): Secret {
    if (key.place === 'host' || !this.profile.canUnwrap) return this.decryptToHost(key, algorithm, data, iv);
    const cipherKey = this.asKey(key, algorithm);
    const mechanism = cipherMechanism(cipherKey, algorithm, iv ?? aesNeedsIv(algorithm), this.profile);
    const handle = this.session.unwrap(mechanism, cipherKey.handle, data, [
      ...secretTemplate(this.readable, 'generic', data.length),
      { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_GENERIC_SECRET },
    ]);
    return this.#keep({ place: 'token', type: 'generic', length: data.length, handle });
  }

  /** Decrypts to host bytes, for what has to be computed with outside. */
  decryptToHost(key: Secret, algorithm: CipherAlgorithm, data: Buffer, iv?: Buffer): HostSecret {
    const clear = this.host(data.length);
    this.#decryptInto(key, algorithm, data, clear.bytes, iv);
    return clear;
  }

  /** Encrypts public data to a secret on the host. */
  encryptToHost(key: Secret, algorithm: CipherAlgorithm, data: Buffer): HostSecret {
    const secret = this.host(data.length);
    if (key.place === 'host') hostCipher('encrypt', algorithm, key.bytes, data, secret.bytes);
    else this.#crypt('encrypt', key, algorithm, data, secret.bytes);
    return secret;
  }

  /** Encrypts a secret; what comes out is public. ECB without `iv`, else CBC. */
  encryptSecret(key: Secret, algorithm: CipherAlgorithm, secret: Secret, iv?: Buffer): Buffer {
    if (secret.place === 'host') return this.encrypt(key, algorithm, secret.bytes, iv);
    if (key.place === 'host') throw new Error('a secret in the token cannot be encrypted by a key outside');
    const cipherKey = this.asKey(key, algorithm);
    const mechanism = cipherMechanism(cipherKey, algorithm, iv ?? aesNeedsIv(algorithm), this.profile);
    return this.session.wrap(
      mechanism,
      cipherKey.handle,
      secret.handle,
      Buffer.allocUnsafe(secret.length + 16),
    );
  }

  /** A new secret: the first `length` bytes of `data` encrypted under `key`. */
  derive(key: Secret, algorithm: CipherAlgorithm, data: Buffer, type: SecretType, length: number): Secret {
    // A value that has to be computed with is of no use inside a token that cannot compute.
    const { canEcbDerive, canCompute, shortHmac } = this.profile;
    const useful = { generic: canCompute, hmac: shortHmac || length >= LONG_HMAC_KEY, T: true, A: true }[
      type
    ];
    const inside = canEcbDerive && useful;
    if (key.place === 'host' || !inside) return this.deriveToHost(key, algorithm, data, length);
    const base = this.asKey(key, algorithm);
    return this.#compute(deriveMechanism(algorithm), base, stringData(data), type, length);
  }

  /** The same on the host; the key needs no more than the right to derive, where the token has that. */
  deriveToHost(key: Secret, algorithm: CipherAlgorithm, data: Buffer, length: number): HostSecret {
    const whole =
      key.place === 'host' || !this.profile.canEcbDerive
        ? this.encryptToHost(key, algorithm, data)
        : this.#deriveReadable(this.asKey(key, algorithm), algorithm, data);
    return { place: 'host', length, bytes: whole.bytes.subarray(0, length) };
  }

  xor(secret: HostSecret, data: Uint8Array): HostSecret;
  xor(secret: Secret, data: Uint8Array): Secret;
  xor(secret: Secret, data: Uint8Array): Secret {
    if (secret.place === 'host') {
      const result = this.host(secret.length);
      for (let i = 0; i < secret.length; i++) result.bytes[i] = (secret.bytes[i] ?? 0) ^ (data[i] ?? 0);
      return result;
    }
    return this.#compute(pkcs11.CKM_XOR_BASE_AND_DATA, secret, stringData(data), 'generic', secret.length);
  }

  slice(secret: Secret, offset: number, length: number, type: SecretType = 'generic'): Secret {
    if (secret.place === 'host') {
      return { place: 'host', length, bytes: secret.bytes.subarray(offset, offset + length) };
    }
    const bitOffset = Buffer.alloc(8);
    bitOffset.writeUInt32LE(offset * 8);
    return this.#compute(pkcs11.CKM_EXTRACT_KEY_FROM_KEY, secret, bitOffset, type, length);
  }

  /** Secrets and public bytes, one after the other. */
  concat(...parts: (Secret | Uint8Array)[]): Secret {
    const secrets = parts.filter((part): part is Secret => !(part instanceof Uint8Array));
    if (secrets.every((secret) => secret.place === 'token')) return this.#concatInside(parts);
    const joined = this.host(parts.reduce((total, part) => total + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      if (!(part instanceof Uint8Array) && part.place === 'token') throw new Error('secrets in two places');
      joined.bytes.set(part instanceof Uint8Array ? part : part.bytes, offset);
      offset += part.length;
    }
    return joined;
  }

  /** The same value as a key of this algorithm. */
  asKey(secret: TokenSecret, algorithm: CipherAlgorithm): TokenSecret {
    if (secret.type === algorithm) return secret;
    return this.slice(secret, 0, secret.length, algorithm) as TokenSecret;
  }

  hmac(secret: Secret, hash: HmacHash, data: Buffer): Buffer {
    if (secret.place === 'host') return createHmac(hash, secret.bytes).update(data).digest();
    const { mechanism, length } = HMAC[hash];
    return this.session.sign({ mechanism }, secret.handle, data, Buffer.alloc(length));
  }

  /**
   * The first byte of a secret: inside a token it is told by its HMAC, one of 256 known ones. This is the very
   * oracle that docs/hsm.md warns of; it is used on bytes that are no secret (a PIN block's format and length).
   */
  firstByte(secret: Secret): number {
    if (secret.place === 'host') return secret.bytes[0] ?? 0;
    const byte = this.slice(secret, 0, 1);
    return byteOfHmac(this.hmac(byte, 'sha256', ORACLE_DATA));
  }

  /** Whether a secret is this very value, by its HMAC where it is inside a token. */
  equals(secret: Secret, known: Buffer): boolean {
    if (secret.length !== known.length) return false;
    if (secret.place === 'host') return timingSafeEqual(secret.bytes, known);
    const expected = createHmac('sha256', known).update(ORACLE_DATA).digest();
    return timingSafeEqual(this.hmac(secret, 'sha256', ORACLE_DATA), expected);
  }

  /** The value itself, for known-answer tests and for what leaves encrypted right after. Stays in the scratch. */
  bytesOf(secret: Secret): Buffer {
    return secret.place === 'host' ? secret.bytes : this.#read(secret).bytes;
  }

  #decryptInto(key: Secret, algorithm: CipherAlgorithm, data: Buffer, output: Buffer, iv?: Buffer): Buffer {
    if (key.place === 'host') return hostCipher('decrypt', algorithm, key.bytes, data, output, iv);
    return this.#crypt('decrypt', key, algorithm, data, output, iv);
  }

  #crypt(
    direction: 'encrypt' | 'decrypt',
    key: TokenSecret,
    algorithm: CipherAlgorithm,
    data: Buffer,
    output: Buffer,
    iv?: Buffer,
  ): Buffer {
    const cipherKey = this.asKey(key, algorithm);
    const { handle } = cipherKey;
    const mechanism = cipherMechanism(cipherKey, algorithm, iv, this.profile);
    const mayStand = iv === undefined && this.#mayStand(key, algorithm);
    if (mayStand && this.session.standing.run(direction, mechanism, handle, data, output)) {
      return output.subarray(0, data.length);
    }
    return direction === 'encrypt'
      ? this.session.encrypt(mechanism, handle, data, output)
      : this.session.decrypt(mechanism, handle, data, output);
  }

  /** Only triple DES: an open AES operation would keep the raw key at the head of its schedule. */
  #mayStand(key: TokenSecret, algorithm: CipherAlgorithm): boolean {
    return key.lasting === true && algorithm === 'T' && this.profile.canStand;
  }

  #deriveReadable(key: TokenSecret, algorithm: CipherAlgorithm, data: Buffer): HostSecret {
    const mechanism = { mechanism: deriveMechanism(algorithm), parameter: stringData(data) };
    const handle = this.session.derive(mechanism, key.handle, [
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
      { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_GENERIC_SECRET },
      { type: pkcs11.CKA_TOKEN, value: false },
      { type: pkcs11.CKA_SENSITIVE, value: false },
      { type: pkcs11.CKA_EXTRACTABLE, value: true },
      { type: pkcs11.CKA_VALUE_LEN, value: data.length },
    ]);
    wipeStringData();
    return this.#read(this.#keep({ place: 'token', type: 'generic', length: data.length, handle }));
  }

  #read(secret: TokenSecret): HostSecret {
    const clear = this.host(secret.length);
    const [value] = this.session.attributes(secret.handle, [pkcs11.CKA_VALUE]);
    clear.bytes.set((value ?? Buffer.alloc(0)).subarray(0, secret.length));
    value?.fill(0);
    return clear;
  }

  #concatInside(parts: readonly (Secret | Uint8Array)[]): Secret {
    let result: Secret | undefined;
    let before = Buffer.alloc(0);
    for (const part of parts) {
      if (part instanceof Uint8Array) {
        if (result?.place === 'token') {
          const length = result.length + part.length;
          const data = stringData(part);
          result = this.#compute(pkcs11.CKM_CONCATENATE_BASE_AND_DATA, result, data, 'generic', length);
        } else before = Buffer.concat([before, part]);
      } else if (result?.place === 'token') {
        const other = (part as TokenSecret).handle;
        const length = result.length + part.length;
        result = this.#compute(pkcs11.CKM_CONCATENATE_BASE_AND_KEY, result, other, 'generic', length);
      } else if (before.length > 0) {
        const length = before.length + part.length;
        const data = stringData(before);
        result = this.#compute(
          pkcs11.CKM_CONCATENATE_DATA_AND_BASE,
          part as TokenSecret,
          data,
          'generic',
          length,
        );
      } else result = part;
    }
    if (result === undefined) throw new Error('nothing to join');
    return result;
  }

  #compute(
    mechanism: number,
    base: TokenSecret,
    parameter: Buffer,
    type: SecretType,
    length: number,
  ): TokenSecret {
    const handle = this.session.derive({ mechanism, parameter }, base.handle, [
      ...secretTemplate(this.readable, type, fixedLength(type) ? undefined : length),
      { type: pkcs11.CKA_KEY_TYPE, value: keyTypeOf(type, length, this.profile) },
    ]);
    wipeStringData();
    return this.#keep({ place: 'token', type, length, handle });
  }

  #tokenForm(value: Buffer, type: SecretType): Buffer {
    const tripled = type === 'T' && value.length === 8 && !this.profile.singleDes;
    return tripled ? Buffer.concat([value, value, value]) : value;
  }

  #keep(secret: TokenSecret): TokenSecret {
    this.#made.push(secret.handle);
    return secret;
  }

  #end(): void {
    arena.fill(0, this.#arenaStart, arenaUsed);
    arenaUsed = this.#arenaStart;
    for (const handle of this.#made) this.session.destroyQuietly(handle);
  }
}
