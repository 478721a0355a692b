import { RecentKeys } from './recent-keys.ts';

/**
 * Counts of many keys over a sliding window, in bounded memory. A window is twelve steps, and a thirteenth is kept, so
 * that nothing is forgotten before the window is over: it counts at least the window, and at most a twelfth more. Of
 * more keys than there is room for, the one touched longest ago gives way, and that is counted. A probabilistic sketch
 * was rejected: it needs no less memory for what matters here, a few keys with high counts among many with one, and
 * it declines people for what others did.
 */
export class WindowCounts {
  readonly #stepMs: number;
  readonly #maxKeys: number;
  readonly #keys: RecentKeys;
  #sums: Float64Array;
  /** The newest step of each place. */
  #newest: Float64Array;

  constructor(windowMs: number, maxKeys: number) {
    this.#stepMs = windowMs / STEPS;
    this.#maxKeys = maxKeys;
    this.#keys = new RecentKeys(maxKeys);
    const room = Math.min(FIRST_ROOM, maxKeys);
    this.#sums = new Float64Array(room * KEPT);
    this.#newest = new Float64Array(room);
  }

  /** @param at wall clock, milliseconds; what is older than the window of its key counts for nothing */
  add(key: string, at: number, amount = 1): void {
    const step = Math.floor(at / this.#stepMs);
    const place = this.#placeOf(key, step);
    const newest = this.#newest[place] ?? 0;
    if (step <= newest - KEPT) return;
    if (step > newest) this.#moveOn(place, newest, step);
    const slot = place * KEPT + (step % KEPT);
    this.#sums[slot] = (this.#sums[slot] ?? 0) + amount;
  }

  /** What the window of a key holds now. */
  total(key: string, at: number): number {
    const place = this.#keys.placeOf(key);
    if (place === undefined) return 0;
    const oldest = Math.floor(at / this.#stepMs) - KEPT;
    const newest = this.#newest[place] ?? 0;
    let sum = 0;
    for (let back = 0; back < KEPT && newest - back > oldest; back += 1) {
      sum += this.#sums[place * KEPT + ((newest - back) % KEPT)] ?? 0;
    }
    return sum;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Keys that gave way to others. */
  get forgotten(): number {
    return this.#keys.forgotten;
  }

  #placeOf(key: string, step: number): number {
    const known = this.#keys.placeOf(key);
    if (known !== undefined) {
      this.#keys.use(known);
      return known;
    }
    const place = this.#keys.give(key);
    if (place >= this.#newest.length) this.#grow();
    this.#newest[place] = step;
    this.#sums.fill(0, place * KEPT, (place + 1) * KEPT);
    return place;
  }

  #grow(): void {
    const room = Math.min(this.#newest.length * 2, this.#maxKeys);
    const sums = new Float64Array(room * KEPT);
    const newest = new Float64Array(room);
    sums.set(this.#sums);
    newest.set(this.#newest);
    this.#sums = sums;
    this.#newest = newest;
  }

  #moveOn(place: number, newest: number, step: number): void {
    for (let next = Math.max(newest + 1, step - STEPS); next <= step; next += 1) {
      this.#sums[place * KEPT + (next % KEPT)] = 0;
    }
    this.#newest[place] = step;
  }
}

const STEPS = 12;
const KEPT = STEPS + 1;
/** Keys that there is room for at first: it doubles as they come. */
const FIRST_ROOM = 1_024;
