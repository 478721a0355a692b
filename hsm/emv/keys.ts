import { createHash } from 'node:crypto';
import { HsmError } from '../errors.ts';
import { type RetailMacKey, retailMacKey } from '../mac/mac.ts';
import { decimalDigits } from '../pin/verify.ts';
import type { HostSecret, Scratch, Secret } from '../token/secrets.ts';

/** How an issuer derives the key of a card: EMV Book 2, A1.4.1 and A1.4.2. */
export type CardKeyOption = 'A' | 'B';

const HALF = 8;

/** Both halves of a derived double-length key: each is one block encrypted under the parent. */
interface TwoBlocks {
  left: Buffer;
  right: Buffer;
}

/**
 * A derived key before it is derived: what it becomes depends on what it is for. On a token that cannot take a key
 * apart a MAC key is derived twice, the second time as its left half alone.
 */
export class DerivedKey {
  readonly #scratch: Scratch;
  readonly #parent: Secret;
  readonly #blocks: TwoBlocks;

  constructor(scratch: Scratch, parent: Secret, blocks: TwoBlocks) {
    this.#scratch = scratch;
    this.#parent = parent;
    this.#blocks = blocks;
  }

  /** As a triple DES key: to encrypt, or to derive from. */
  asCipherKey(): Secret {
    return this.#derive(Buffer.concat([this.#blocks.left, this.#blocks.right]));
  }

  asMacKey(): RetailMacKey {
    const { left } = this.#blocks;
    const whole = this.asCipherKey();
    if (whole.place === 'host' || this.#scratch.profile.canCompute) return retailMacKey(this.#scratch, whole);
    return { whole, left: this.#derive(Buffer.concat([left, left, left])) };
  }

  /** To compute with: in the token where it can compute, else on the host. */
  asValue(): Secret {
    const { left, right } = this.#blocks;
    return this.#scratch.derive(this.#parent, 'T', Buffer.concat([left, right]), 'generic', 2 * HALF);
  }

  /** For what no token computes. */
  onHost(): HostSecret {
    const { left, right } = this.#blocks;
    return this.#scratch.deriveToHost(this.#parent, 'T', Buffer.concat([left, right]), 2 * HALF);
  }

  #derive(blocks: Buffer): Secret {
    return this.#scratch.derive(this.#parent, 'T', blocks, 'T', blocks.length);
  }
}

/**
 * The ICC master key of one card.
 * @param pan digits. @param sequenceNumber two digits, `00` where the card has none
 */
export function iccMasterKey(
  scratch: Scratch,
  issuerMasterKey: Secret,
  option: CardKeyOption,
  pan: string,
  sequenceNumber: string,
): DerivedKey {
  if (!/^[0-9]{1,19}$/.test(pan) || !/^[0-9]{2}$/.test(sequenceNumber)) {
    throw new HsmError('HSM_REQUEST_INVALID', 'PAN and PAN sequence number (2 digits) of a card key');
  }
  const digits = `${pan}${sequenceNumber}`;
  const block =
    option === 'B' && pan.length > 16 ? hashedDigits(digits) : digits.slice(-16).padStart(16, '0');
  const left = Buffer.from(block, 'hex');
  return new DerivedKey(scratch, issuerMasterKey, {
    left,
    right: Buffer.from(left.map((byte) => byte ^ 0xff)),
  });
}

/** A1.4.2: the first 16 decimal digits of SHA-1 over the digits, letters counted after all digits. */
function hashedDigits(digits: string): string {
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  const hash = createHash('sha1').update(Buffer.from(even, 'hex')).digest();
  return decimalDigits(hash).subarray(0, 16).join('');
}

/** EMV Book 2, A1.3.1, common session key derivation. @param diversifier R, 8 bytes; its third byte is replaced */
export function commonSessionKey(scratch: Scratch, masterKey: Secret, diversifier: Buffer): DerivedKey {
  if (diversifier.length !== 8) {
    throw new HsmError('HSM_REQUEST_INVALID', 'a session key diversifier has 8 bytes');
  }
  const [left, right] = [Buffer.from(diversifier), Buffer.from(diversifier)];
  left[2] = 0xf0;
  right[2] = 0x0f;
  return new DerivedKey(scratch, masterKey, { left, right });
}

/** R of the EMV common method: the counter and six zero bytes. */
export function emvDiversifier(counter: Buffer): Buffer {
  return Buffer.concat([twoBytes(counter), Buffer.alloc(6)]);
}

/** R of the Mastercard proprietary method: the counter, two zero bytes, the unpredictable number. */
export function mastercardDiversifier(counter: Buffer, unpredictableNumber: Buffer): Buffer {
  return Buffer.concat([twoBytes(counter), Buffer.alloc(2), unpredictableNumber]);
}

function twoBytes(counter: Buffer): Buffer {
  if (counter.length !== 2) throw new HsmError('HSM_REQUEST_INVALID', 'a transaction counter has 2 bytes');
  return counter;
}

/** Visa secure messaging: the master key with the counter XORed into one half, its complement into the other. */
export function visaSessionKey(scratch: Scratch, masterKey: DerivedKey, counter: Buffer): Secret {
  return visaSessionKeyOf(scratch, masterKey.asValue(), counter);
}

export function visaSessionKeyOf(scratch: Scratch, masterKey: Secret, counter: Buffer): Secret {
  const mask = Buffer.alloc(16);
  mask.set(twoBytes(counter), 6);
  mask.set(
    counter.map((byte) => byte ^ 0xff),
    14,
  );
  return scratch.xor(masterKey, mask);
}

/** EMV2000's tree of session keys (EMV 4.1 Book 2, A1.3.2). */
export interface SessionKeyTree {
  height: number;
  branchFactor: number;
  /** 16 bytes. */
  initialVector: Buffer;
}

/** The nodes of the tree are XORed with each other after encryption: values a token gives out, so on the host. */
export function treeSessionKey(
  scratch: Scratch,
  masterKey: HostSecret,
  counter: Buffer,
  tree: SessionKeyTree,
): HostSecret {
  const { height, branchFactor, initialVector } = tree;
  const fits = branchFactor >= 2 && height >= 2 && branchFactor ** height >= 0x1_0000;
  if (!fits || height > 16 || initialVector.length !== 16) {
    throw new HsmError('HSM_REQUEST_INVALID', 'height and branch factor of a session key tree');
  }
  let grandparent = scratch.hostFrom(initialVector);
  let parent = masterKey;
  for (let level = 1; level <= height; level++) {
    const node = Math.floor(twoBytes(counter).readUInt16BE() / branchFactor ** (height - level));
    const child = treeNode(scratch, parent, grandparent, node % branchFactor);
    if (level === height) return scratch.xor(child, grandparent.bytes);
    grandparent = parent;
    parent = child;
  }
  throw new Error('unreachable: the loop ends at the leaf');
}

function treeNode(scratch: Scratch, parent: HostSecret, grandparent: HostSecret, branch: number): HostSecret {
  const input = scratch.hostFrom(grandparent.bytes).bytes;
  input[7] = (input[7] ?? 0) ^ branch;
  input[15] = (input[15] ?? 0) ^ branch ^ 0xf0;
  return scratch.encryptToHost(parent, 'T', input);
}

/** Odd parity on every byte, in place: for the few uses where a DES key's parity bits are seen. */
export function setOddParity(bytes: Buffer): Buffer {
  for (const [index, byte] of bytes.entries()) {
    let ones = 0;
    for (let bits = byte >> 1; bits !== 0; bits >>= 1) ones += bits & 1;
    bytes[index] = (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0);
  }
  return bytes;
}
