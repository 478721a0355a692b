/** So many questions are under way at once: while one is answered the next is asked. */
const AT_ONCE = 2;
const MOST = 500;

interface Waiting<Key, Value> {
  readonly key: Key;
  readonly told: PromiseWithResolvers<Value | undefined>;
}

/**
 * Look-ups of many requests in few questions: whatever waits goes out together as soon as a question before it has been
 * answered. There is no timer, so one that is alone waits for nobody. A question for each, over a few connections, was
 * what held up the gateway where the database took its time: four connections are four answers each of its turns.
 * How many wait is bounded by who asks: the gate lets so many requests in.
 */
export class Grouped<Key, Value> {
  readonly #ask: (keys: readonly Key[]) => Promise<readonly (Value | undefined)[]>;
  #waiting: Waiting<Key, Value>[] = [];
  #asking = 0;

  /** @param ask answers in the order of the keys */
  constructor(ask: (keys: readonly Key[]) => Promise<readonly (Value | undefined)[]>) {
    this.#ask = ask;
  }

  /** @throws what the question throws that it was part of */
  get(key: Key): Promise<Value | undefined> {
    const told = Promise.withResolvers<Value | undefined>();
    this.#waiting.push({ key, told });
    if (this.#asking < AT_ONCE) void this.#askOn();
    return told.promise;
  }

  async #askOn(): Promise<void> {
    this.#asking += 1;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, MOST);
      this.#waiting = this.#waiting.slice(MOST);
      await this.#answer(group);
    }
    this.#asking -= 1;
  }

  async #answer(group: readonly Waiting<Key, Value>[]): Promise<void> {
    try {
      const values = await this.#ask(group.map(({ key }) => key));
      for (const [index, { told }] of group.entries()) told.resolve(values[index]);
    } catch (error) {
      for (const { told } of group) told.reject(error);
    }
  }
}
