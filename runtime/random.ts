import { randomBytes, randomInt } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Randomness, handed in: the system's generator in service, a seeded one in simulation. */
export interface Random {
  bytes(length: number): Buffer;
  /** A whole number in `0 … below - 1`. */
  integer(below: number): number;
}

const POOL_BYTES = 4_096;

/** A call to the system's generator costs as much for 16 bytes as for a few thousand: small requests share one. */
class RandomPool {
  #pool = Buffer.alloc(0);
  #taken = 0;

  /** The bytes are in nobody else's hands, and the pool forgets them. */
  take(length: number): Buffer {
    if (length > POOL_BYTES / 4) return randomBytes(length);
    if (this.#taken + length > this.#pool.length) {
      this.#pool = randomBytes(POOL_BYTES);
      this.#taken = 0;
    }
    const from = this.#taken;
    this.#taken += length;
    const taken = Buffer.from(this.#pool.subarray(from, this.#taken));
    this.#pool.fill(0, from, this.#taken);
    return taken;
  }
}

const pool = new RandomPool();

const STEPS = 10_000;

/**
 * By what a delay is multiplied, so that those who wait together do not come back together.
 * @param spread how far it may be from 1: 0.2 gives 0.8 to 1.2
 */
export function jitter(random: Random, spread: number): number {
  return 1 - spread + (2 * spread * random.integer(STEPS + 1)) / STEPS;
}

export const systemRandom: Random = {
  bytes: (length) => pool.take(length),
  integer: (below) => randomInt(below),
};

/**
 * A UUID version 7 (RFC 9562 §5.7): 48 bits of wall-clock milliseconds, then 74 random bits.
 * Identifiers of one node sort by time, which keeps the journal's index append-mostly.
 */
export function timeOrderedUuid(clock: Clock, random: Random): string {
  const bytes = random.bytes(16);
  bytes.writeUIntBE(clock.wall(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The least or the greatest of all UUIDs that begin with this millisecond: between two of them lies what was made then.
 * @param filler every digit behind the time: 0 for the least, f for the greatest
 */
export function uuidBoundOf(wallMs: number, filler: '0' | 'f' = '0'): string {
  const time = Math.max(0, Math.floor(wallMs)).toString(16).padStart(12, '0');
  const rest = [4, 4, 12].map((digits) => filler.repeat(digits));
  return [time.slice(0, 8), time.slice(8), ...rest].join('-');
}
