import type { Random } from '../../runtime/index.ts';

/** Chance that a seed repeats: `sfc32`, a small generator that passes the usual statistical batteries. */
export class SeededRandom implements Random {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream = '') {
    this.#seed = seed;
    this.#a = seed >>> 0;
    this.#b = (seed / 2 ** 32) >>> 0;
    this.#c = hashOf(stream);
    for (let warmUp = 0; warmUp < 12; warmUp += 1) this.#next();
  }

  /** A stream of its own, so that one more draw here changes nothing there. */
  stream(name: string): SeededRandom {
    return new SeededRandom(this.#seed ^ hashOf(name), name);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let index = 0; index < length; index += 1) bytes[index] = this.#next() >>> 24;
    return bytes;
  }

  /** 0 … below - 1. */
  integer(below: number): number {
    return Math.floor((this.#next() / 2 ** 32) * below);
  }

  /** At least `from`, less than `to`, in steps of a microsecond where these are milliseconds. */
  between(from: number, to: number): number {
    return Math.round((from + (this.#next() / 2 ** 32) * (to - from)) * 1_000) / 1_000;
  }

  chance(probability: number): boolean {
    return this.#next() / 2 ** 32 < probability;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.integer(list.length)] ?? list[0];
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
