import { RecentValues } from './recent-keys.ts';

/**
 * Which different values were seen with a key within a window: cards at a terminal, consumers behind an address. It is
 * exact up to the most that a rule can ask for, and bounded in keys and in values of each. Where either is full, what
 * was seen longest ago gives way.
 */
export class DistinctValues {
  readonly #windowMs: number;
  /** Of each key: value and when it was seen last, the latest at the end. */
  readonly #seen: RecentValues<Map<string, number>>;

  constructor(windowMs: number, maxKeys: number) {
    this.#windowMs = windowMs;
    this.#seen = new RecentValues(Math.max(1, Math.floor(maxKeys / KEYS_FOR_ONE)));
  }

  add(key: string, value: string, at: number): void {
    const values = this.#seen.get(key) ?? new Map<string, number>();
    this.#seen.set(key, values);
    values.delete(value);
    values.set(value, at);
    if (values.size > MOST_VALUES) deleteOldest(values);
  }

  /** How many different values there are with this one. */
  countWith(key: string, value: string, at: number): number {
    const values = this.#seen.get(key);
    if (!values) return 1;
    const since = at - this.#windowMs;
    let count = 1;
    for (const [each, seenAt] of values) if (seenAt > since && each !== value) count += 1;
    return count;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** Keys that gave way to others. */
  get forgotten(): number {
    return this.#seen.forgotten;
  }
}

/** One more than the most that a rule may ask for. */
const MOST_VALUES = 64;
/** So many keys of a counter are worth the memory of one with its values. */
const KEYS_FOR_ONE = 8;

function deleteOldest(values: Map<string, number>): void {
  for (const value of values.keys()) {
    values.delete(value);
    return;
  }
}
