/**
 * A bounded memory of what is worth generating code for. A key earns its place by coming back: strangers wear the
 * residents of their set down, so a stream of keys that never repeat neither grows memory nor has code generated.
 */
export class HotCache<T> {
  readonly #sets: number;
  readonly #keys: Int32Array;
  readonly #heat: Int32Array;
  readonly #values: (T | undefined)[];

  /** @param sets a power of two; each holds `ways` keys */
  constructor(sets: number) {
    const places = sets * ways;
    this.#sets = sets;
    this.#keys = new Int32Array(places * keyWords);
    this.#heat = new Int32Array(places);
    this.#values = new Array<T | undefined>(places).fill(undefined);
  }

  get(k0: number, k1: number, k2: number, k3: number): T | undefined {
    const place = this.#find(k0, k1, k2, k3);
    return place < 0 ? undefined : this.#values[place];
  }

  /** Counts a key that had no value; true when it has come often enough to deserve one. */
  miss(k0: number, k1: number, k2: number, k3: number): boolean {
    const place = this.#find(k0, k1, k2, k3);
    if (place >= 0) {
      const heat = (this.#heat[place] ?? 0) + 1;
      this.#heat[place] = heat;
      return heat >= hot;
    }
    const coldest = this.#coldest(this.#setOf(k0, k1, k2, k3));
    const heat = (this.#heat[coldest] ?? 0) - 1;
    this.#heat[coldest] = heat;
    if (heat > 0) return false;
    this.#keys.set([k0, k1, k2, k3], coldest * keyWords);
    this.#heat[coldest] = 1;
    this.#values[coldest] = undefined;
    return false;
  }

  /** Gives a key that is hot its value. */
  set(k0: number, k1: number, k2: number, k3: number, value: T): void {
    const place = this.#find(k0, k1, k2, k3);
    if (place < 0) return;
    this.#values[place] = value;
    this.#heat[place] = settled;
  }

  /** Values held. */
  get size(): number {
    return this.#values.filter((value) => value !== undefined).length;
  }

  #find(k0: number, k1: number, k2: number, k3: number): number {
    const keys = this.#keys;
    const first = this.#setOf(k0, k1, k2, k3) * ways;
    for (let place = first; place < first + ways; place++) {
      const at = place * keyWords;
      if (keys[at] === k0 && keys[at + 1] === k1 && keys[at + 2] === k2 && keys[at + 3] === k3) return place;
    }
    return -1;
  }

  #coldest(set: number): number {
    let coldest = set * ways;
    for (let place = coldest + 1; place < (set + 1) * ways; place++) {
      if ((this.#heat[place] ?? 0) < (this.#heat[coldest] ?? 0)) coldest = place;
    }
    return coldest;
  }

  #setOf(k0: number, k1: number, k2: number, k3: number): number {
    let hash = Math.imul(k0, 0x9e3779b1) ^ Math.imul(k1, 0x85ebca6b);
    hash ^= Math.imul(k2, 0xc2b2ae35) ^ Math.imul(k3, 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return (hash >>> 20) & (this.#sets - 1);
  }
}

const ways = 4;
const keyWords = 4;
/** Misses before code is generated. */
const hot = 32;
/** How many strangers a key with a value outlives. */
const settled = 1024;
