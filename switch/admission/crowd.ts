/** One connection, as a listener counts it. */
export interface Member {
  readonly circle: string;
  /** Closed to make room for another. */
  giveWay(): void;
}

export interface CrowdLimits {
  readonly connections: number;
  /** Of one circle that have proven nothing. */
  readonly strangersPerCircle: number;
}

/**
 * Who is connected to a listener. There is always room for one more while anybody is there who has proven nothing: the
 * oldest stranger of the circle that has the most gives way. So an address that opens connections by the thousand
 * closes its own, and whoever sends a right MAC soon after it has connected stays. To refuse the next one was the rule
 * before: then whoever came first kept everybody else out.
 */
export class Crowd<M extends Member> {
  readonly #limits: CrowdLimits;
  readonly #members = new Set<M>();
  /** In the order in which they came. */
  readonly #strangers = new Map<string, Set<M>>();

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#members.size;
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.#members.values();
  }

  /** Whether one more of this circle may come; where it takes that, a stranger is told to go. */
  makeRoom(circle: string): boolean {
    const { connections, strangersPerCircle } = this.#limits;
    const own = this.#strangers.get(circle);
    if (own && own.size >= strangersPerCircle) return this.#oldestGives(own);
    if (this.#members.size < connections) return true;
    return this.#oldestGives(this.#largest());
  }

  add(member: M, isStranger: boolean): void {
    this.#members.add(member);
    if (!isStranger) return;
    const ofCircle = this.#strangers.get(member.circle);
    if (ofCircle) ofCircle.add(member);
    else this.#strangers.set(member.circle, new Set([member]));
  }

  /** From now on it gives way to nobody. */
  proved(member: M): void {
    const ofCircle = this.#strangers.get(member.circle);
    if (!ofCircle?.delete(member)) return;
    if (ofCircle.size === 0) this.#strangers.delete(member.circle);
  }

  left(member: M): void {
    this.proved(member);
    this.#members.delete(member);
  }

  #oldestGives(strangers: ReadonlySet<M> | undefined): boolean {
    const [oldest] = strangers ?? [];
    if (!oldest) return false;
    this.left(oldest);
    oldest.giveWay();
    return true;
  }

  #largest(): ReadonlySet<M> | undefined {
    let largest: ReadonlySet<M> | undefined;
    for (const each of this.#strangers.values()) if (each.size > (largest?.size ?? 0)) largest = each;
    return largest;
  }
}
