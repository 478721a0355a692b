// What this node opened lately by merchant, how often it refused a reversal, and how many reversals matched nothing.
// None of it is a record: it points at transactions, which the journal has, and spares the look-up at the projection,
// which is a moment behind. What is forgotten here is found there.

/** Of one merchant; as many as a busy one has between a sale and the reversal that names it badly. */
const MOST_OF_A_MERCHANT = 64;
const MOST_MERCHANTS = 4_096;
const MOST_REFUSED = 4_096;
const MOST_SEARCHES = 1;
/** Of searches that wait for their turn: each of those before them ends by the deadline of its statement. */
const MOST_WAITING = 16;
/** Of those that an index answers. */
export const MOST_INDEXED_SEARCHES = 8;

export class RecentNumbers {
  readonly #opened = new Map<string, string[]>();
  #searches = 0;
  #waiting: { readonly most: number; readonly begin: () => void }[] = [];
  readonly #apart = new Set<string>();
  readonly #refused = new Map<string, number>();
  /** Since the node started, by listener. */
  readonly #unmatched = new Map<string, number>();

  /** Two tills of this merchant count alike: their retrieval references are set apart from now on. */
  setApart(merchant: string): void {
    if (this.#apart.size >= MOST_MERCHANTS) this.#apart.clear();
    this.#apart.add(merchant);
  }

  isSetApart(merchant: string): boolean {
    return this.#apart.has(merchant);
  }

  /** A transaction was opened for this merchant. */
  opened(merchant: string, transaction: string): void {
    const known = this.#opened.get(merchant);
    if (known) {
      known.push(transaction);
      if (known.length > MOST_OF_A_MERCHANT) known.shift();
      return;
    }
    if (this.#opened.size >= MOST_MERCHANTS) dropOldest(this.#opened);
    this.#opened.set(merchant, [transaction]);
  }

  /** The newest first. */
  openedFor(merchant: string): readonly string[] {
    return (this.#opened.get(merchant) ?? []).toReversed();
  }

  /** By all merchants of an acquirer, the newest first: ids are in the order of time. */
  openedBy(acquirer: string, most: number): readonly string[] {
    const found = [...this.#opened].flatMap(([merchant, opened]) =>
      merchant.startsWith(`${acquirer}|`) ? opened : [],
    );
    return found.sort().reverse().slice(0, most);
  }

  /** @returns how often this key was refused here by now */
  refusedAgain(key: string): number {
    const times = (this.#refused.get(key) ?? 0) + 1;
    if (times === 1 && this.#refused.size >= MOST_REFUSED) dropOldest(this.#refused);
    this.#refused.set(key, times);
    return times;
  }

  unmatchedAgain(listener: string): number {
    const times = (this.#unmatched.get(listener) ?? 0) + 1;
    this.#unmatched.set(listener, times);
    return times;
  }

  /**
   * What the projection is asked for at once is bounded: a flood of reversals that name nothing must not keep terminals
   * from settling. A few wait for their turn: of two copies of a void the second would hear that there is no original,
   * while the first finds it. @returns nothing where it is not asked, since too many wait
   */
  async search<Found>(ask: () => Promise<Found>, most = MOST_SEARCHES): Promise<Found | undefined> {
    if (this.#searches >= most) {
      if (this.#waiting.length >= MOST_WAITING) return undefined;
      await new Promise<void>((begin) => this.#waiting.push({ most, begin }));
    } else {
      this.#searches += 1;
    }

    try {
      return await ask();
    } finally {
      this.#searches -= 1;
      this.#beginNext();
    }
  }

  /** The turn is taken here and not by whoever waits, so that nobody who comes meanwhile takes it too. */
  #beginNext(): void {
    const next = this.#waiting.findIndex(({ most }) => this.#searches < most);
    const [turn] = next < 0 ? [] : this.#waiting.splice(next, 1);
    if (!turn) return;
    this.#searches += 1;
    turn.begin();
  }

  get unmatched(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#unmatched);
  }
}

function dropOldest(map: Map<string, unknown>): void {
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
