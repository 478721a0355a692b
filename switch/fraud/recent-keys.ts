/**
 * Keys with a place each, bounded: of more keys than there are places, the one that was used longest ago gives its
 * place to the next. The order is a list through the places. A map in the order of insertion, from whose front the
 * oldest is taken, was the form before: V8 looks past every key that was ever taken out there, and at 50,000 keys one
 * payment in a hundred took milliseconds.
 */
export class RecentKeys {
  readonly #most: number;
  readonly #places = new Map<string, number>();
  readonly #keys: string[] = [];
  /** Neighbours of each place in the order of use. */
  readonly #newer: number[] = [];
  readonly #older: number[] = [];
  #newest = NONE;
  #oldest = NONE;
  #forgotten = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#places.size;
  }

  /** Keys that gave way to others. */
  get forgotten(): number {
    return this.#forgotten;
  }

  placeOf(key: string): number | undefined {
    return this.#places.get(key);
  }

  /** It is used now. */
  use(place: number): void {
    if (place === this.#newest) return;
    this.#takeOut(place);
    this.#putFirst(place);
  }

  /** A place for a key that has none: a new one, or that of the key that was used longest ago. */
  give(key: string): number {
    const place = this.#keys.length < this.#most ? this.#keys.length : this.#makeRoom();
    this.#keys[place] = key;
    this.#places.set(key, place);
    this.#putFirst(place);
    return place;
  }

  #makeRoom(): number {
    const place = this.#oldest;
    this.#takeOut(place);
    this.#places.delete(this.#keys[place] ?? '');
    this.#forgotten += 1;
    return place;
  }

  #putFirst(place: number): void {
    this.#newer[place] = NONE;
    this.#older[place] = this.#newest;
    if (this.#newest === NONE) this.#oldest = place;
    else this.#newer[this.#newest] = place;
    this.#newest = place;
  }

  #takeOut(place: number): void {
    const newer = this.#newer[place] ?? NONE;
    const older = this.#older[place] ?? NONE;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
  }
}

const NONE = -1;

/** A value for each of so many keys; whose key was used longest ago gives way. */
export class RecentValues<Value> {
  readonly #keys: RecentKeys;
  readonly #values: Value[] = [];

  constructor(most: number) {
    this.#keys = new RecentKeys(most);
  }

  get size(): number {
    return this.#keys.size;
  }

  get forgotten(): number {
    return this.#keys.forgotten;
  }

  get(key: string): Value | undefined {
    const place = this.#keys.placeOf(key);
    return place === undefined ? undefined : this.#values[place];
  }

  set(key: string, value: Value): void {
    const known = this.#keys.placeOf(key);
    if (known !== undefined) this.#keys.use(known);
    this.#values[known ?? this.#keys.give(key)] = value;
  }
}
