import { randomBytes } from 'node:crypto';

/**
 * Which PAN an encrypted PIN block came with, or was made for. In formats 0 and 3 the PAN is mixed into the PIN's third
 * and later digits, so whether a block is well formed under another PAN tells of these digits: some twenty questions
 * tell two of them. A block that is known is answered for its own PAN alone, and as malformed for every other.
 *
 * The blocks that leave are known as well as those that come: else each translation to a random fill would give a fresh
 * block to ask about.
 *
 * Bounded: half a million blocks by a keyed hash, each in one place, the newest staying. A caller who wants one of them
 * forgotten has to have some half a million others translated first; what he learns by that is one answer, and the alarm
 * of the key counts it. Nothing is kept but hashes; no request waits for anything (some 0.1 µs).
 *
 * Rejected: refusing a PAN's second error. The questions are about different PANs.
 */
const PLACES = 2 ** 19;
const WORDS = 3;
const MIX = 0x9e37_79b1;

export class KnownBlocks {
  readonly #table = new Uint32Array(PLACES * WORDS);
  readonly #seeds = new Uint32Array(randomBytes(12).buffer.slice(0, 12));

  /** @returns whether this block is known for another PAN; if not, it is known for this one from now on */
  isOfAnother(block: Uint8Array, pan: Uint8Array): boolean {
    const [first = 0, second = 0, third = 0] = this.#seeds;
    const place = hashOf(block, first);
    const tag = hashOf(block, second);
    const owner = hashOf(pan, third);

    const at = (place % PLACES) * WORDS;
    const table = this.#table;
    if (table[at] === place && table[at + 1] === tag) return table[at + 2] !== owner;
    table[at] = place;
    table[at + 1] = tag;
    table[at + 2] = owner;
    return false;
  }
}

function hashOf(bytes: Uint8Array, seed: number): number {
  let hash = seed;
  for (let i = 0; i < bytes.length; i++) {
    hash = Math.imul(hash ^ (bytes[i] ?? 0), MIX);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
