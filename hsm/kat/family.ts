import { bdkFrom, maskedBdk, type TdesBdk } from '../dukpt/tdes.ts';
import { HsmError } from '../errors.ts';
import { type RetailMacKey, retailMacKey } from '../mac/mac.ts';
import type { CipherAlgorithm } from '../token/host-cipher.ts';
import { pkcs11 } from '../token/pkcs11.ts';
import type { Scratch, Secret } from '../token/secrets.ts';
import type { Inputs } from './vector.ts';

/** What an operation gave: hex in capitals, digits as they are. */
export type Answer = Readonly<Record<string, unknown>>;

/** Runs one vector of an operation through the token. */
export type Runner = (lab: Laboratory, inputs: Inputs) => Answer;

export type Family = Readonly<Record<string, Runner>>;

/** Some tokens take a key of any length, and then cannot use it. */
const KEY_LENGTHS: Readonly<Record<CipherAlgorithm, readonly number[]>> = { T: [8, 16, 24], A: [16, 24, 32] };

/** Puts a vector's published keys into the token as session objects, in the forms this token needs. */
export class Laboratory {
  readonly scratch: Scratch;

  constructor(scratch: Scratch) {
    this.scratch = scratch;
  }

  /** A cipher key. A token that can compute holds it as a plain secret, and types a copy for each use. */
  key(value: Buffer, algorithm: CipherAlgorithm): Secret {
    if (!KEY_LENGTHS[algorithm].includes(value.length)) {
      throw new HsmError('HSM_REQUEST_INVALID', `a key of ${value.length} bytes`);
    }
    return this.scratch.import(value, this.scratch.profile.canCompute ? 'generic' : algorithm);
  }

  tdes(inputs: Inputs, name: string): Secret {
    return this.key(inputs.hex(name), 'T');
  }

  aes(inputs: Inputs, name: string): Secret {
    return this.key(inputs.hex(name), 'A');
  }

  /** A double-length MAC or card verification key: whole, and its left half. */
  macKey(value: Buffer): RetailMacKey {
    if (this.scratch.profile.canCompute) return retailMacKey(this.scratch, this.key(value, 'T'));
    return { whole: this.key(value, 'T'), left: this.key(value.subarray(0, 8), 'T') };
  }

  bdk(inputs: Inputs): TdesBdk {
    return this.bdkOf(inputs.hex('bdk'));
  }

  bdkOf(value: Buffer): TdesBdk {
    if (this.scratch.profile.canCompute) return bdkFrom(this.scratch, this.key(value, 'T'));
    return { key: this.key(value, 'T'), masked: this.key(maskedBdk(value), 'T') };
  }

  /** Looks at a result on the host without that counting as the operation's own way. */
  check<T>(look: () => T): T {
    const { place } = this.scratch;
    try {
      return look();
    } finally {
      this.scratch.place = place;
    }
  }

  /** The value of a derived key. Only here are objects readable: their keys are published. */
  value(secret: Secret): Buffer {
    if (secret.place === 'host') return Buffer.from(secret.bytes);
    const [value] = this.scratch.session.attributes(secret.handle, [pkcs11.CKA_VALUE]);
    return Buffer.from((value ?? Buffer.alloc(0)).subarray(0, secret.length));
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

/** Digits, one per byte, as text. */
export function digits(pin: Uint8Array): string {
  return pin.join('');
}
