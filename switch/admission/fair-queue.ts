import type { Monotonic } from '../../runtime/index.ts';

/** Something that waits for its turn. */
export interface Waiting {
  /** Whose it is, from the widest circle to the narrowest: listener, peer, connection. */
  readonly path: readonly string[];
  readonly expiresAt: Monotonic;
}

/**
 * A queue in which listeners take turns; within a listener its peers do, within a peer its connections. Within one
 * connection the earliest deadline comes first. Whoever floods it waits behind itself only. It holds nothing about
 * those who have nothing waiting, so its memory is that of what waits.
 */
export class FairQueue<T extends Waiting> {
  readonly #root: Branch<T>;

  /** @param depth how long every path is */
  constructor(depth: number) {
    this.#root = new Branch(0, depth);
  }

  get size(): number {
    return this.#root.size;
  }

  add(item: T): void {
    this.#root.add(item);
  }

  /** The next in turn. */
  take(): T | undefined {
    return this.#root.take();
  }

  /** The latest of whoever has the most waiting: so a flood pushes out its own, and nobody else's. */
  dropLatest(): T | undefined {
    return this.#root.dropLatest();
  }

  /** Takes out all that have waited for too long. */
  takeExpired(now: Monotonic): T[] {
    const expired: T[] = [];
    if (this.size > 0) this.#root.takeExpired(now, expired);
    return expired;
  }
}

/** One circle: those in it take turns in the order of the map. */
class Branch<T extends Waiting> {
  size = 0;
  readonly #level: number;
  readonly #depth: number;
  readonly #children = new Map<string, Branch<T> | Leaf<T>>();

  constructor(level: number, depth: number) {
    this.#level = level;
    this.#depth = depth;
  }

  add(item: T): void {
    const name = item.path[this.#level] ?? '';
    let child = this.#children.get(name);
    if (!child) {
      const isLast = this.#level + 1 >= this.#depth;
      child = isLast ? new Leaf<T>() : new Branch<T>(this.#level + 1, this.#depth);
      this.#children.set(name, child);
    }
    child.add(item);
    this.size += 1;
  }

  take(): T | undefined {
    for (const [name, child] of this.#children) {
      const taken = child.take();
      this.#children.delete(name);
      if (child.size > 0) this.#children.set(name, child);
      if (taken) this.size -= 1;
      return taken;
    }
    return undefined;
  }

  dropLatest(): T | undefined {
    let longest: [string, Branch<T> | Leaf<T>] | undefined;
    for (const each of this.#children) {
      if (!longest || each[1].size >= longest[1].size) longest = each;
    }
    if (!longest) return undefined;
    const [name, child] = longest;
    const dropped = child.dropLatest();
    if (dropped) this.size -= 1;
    if (child.size === 0) this.#children.delete(name);
    return dropped;
  }

  takeExpired(now: Monotonic, into: T[]): void {
    this.size = 0;
    for (const [name, child] of this.#children) {
      child.takeExpired(now, into);
      this.size += child.size;
      if (child.size === 0) this.#children.delete(name);
    }
  }
}

/** One connection's, the earliest deadline first. */
class Leaf<T extends Waiting> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0 && (items[at - 1]?.expiresAt ?? 0) > item.expiresAt) at -= 1;
    items.splice(at, 0, item);
  }

  take(): T | undefined {
    return this.#items.shift();
  }

  dropLatest(): T | undefined {
    return this.#items.pop();
  }

  takeExpired(now: Monotonic, into: T[]): void {
    while (this.#items.length > 0 && (this.#items[0]?.expiresAt ?? now + 1) <= now) {
      const first = this.#items.shift();
      if (first) into.push(first);
    }
  }
}
