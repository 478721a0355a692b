import { randomBytes } from 'node:crypto';

/**
 * Which PAN an encrypted PIN block came with, or was made for. In formats 0 and 3 the PAN is mixed into the PIN's third
 * and later digits, so whether a block is well formed under another PAN tells of these digits: some twenty questions
 * tell two of them. A block that is known is answered for its own PAN alone, and as malformed for every other.
 *
 * The blocks that leave are known as well as those that come: else each translation to a random fill would give a fresh
 * block to ask about.
 *
 * Bounded: half a million blocks, each in one place that a secret number decides, the newest staying. A caller who
 * wants one of them forgotten has to have some half a million others translated first; what he learns by that is one
 * answer, and the alarm of the key counts it. Of a PAN a keyed hash of 32 bits is kept.
 *
 * Rejected: refusing a PAN's second error. The questions are about different PANs.
 */
const PLACES = 2 ** 19;
const WORDS = 3;
const MIX = 0x9e37_79b1;

export class KnownBlocks {
  readonly #table = new Int32Array(PLACES * WORDS);
  readonly #seed = randomBytes(4).readInt32BE();
  readonly #panSeed = randomBytes(4).readInt32BE();

  /** A PAN as blocks are known to belong to it: made once for a block that comes and the one that leaves. */
  ownerOf(pan: Uint8Array): number {
    let hash = this.#panSeed;
    for (let at = 0; at < pan.length; at += 4) {
      hash = Math.imul(hash ^ wordOf(pan, at), MIX);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  /** @returns whether this block is known for another owner; if not, it is known for this one from now on */
  isOfAnother(block: Uint8Array, owner: number): boolean {
    let first = 0;
    let second = 0;
    for (let at = 0; at < block.length; at += 8) {
      first = Math.imul(first, MIX) ^ wordOf(block, at);
      second = Math.imul(second, MIX) ^ wordOf(block, at + 4);
    }

    let place = Math.imul(first ^ this.#seed, MIX);
    place = Math.imul(place ^ (place >>> 15) ^ second, MIX);
    const at = ((place ^ (place >>> 13)) & (PLACES - 1)) * WORDS;
    const table = this.#table;
    if (table[at] === first && table[at + 1] === second && (first | second) !== 0) {
      return table[at + 2] !== owner;
    }
    table[at] = first;
    table[at + 1] = second;
    table[at + 2] = owner;
    return false;
  }
}

function wordOf(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}
