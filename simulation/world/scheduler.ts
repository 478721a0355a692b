/** One thing that will happen. */
export interface Event {
  readonly at: number;
  readonly order: number;
  readonly label: string;
  action: (() => void) | undefined;
}

const HASH_SEED = 0x811c9dc5;
const HASH_PRIME = 0x01000193;
/** So many events in one moment are a loop that no time will end. */
const MAX_EVENTS_IN_A_MOMENT = 20_000;

/**
 * Virtual time: events in the order of their moments, and of their scheduling where moments are equal. Nothing else
 * wakes anything up, so that one seed always gives one history; `hash` is the history's fingerprint.
 */
export class Scheduler {
  /** Milliseconds since the run began, in steps of a microsecond. */
  now = 0;
  hash = HASH_SEED;
  events = 0;
  #order = 0;
  #inThisMoment = 0;
  readonly #heap: Event[] = [];

  after(delayMs: number, label: string, action: () => void): Event {
    const at = Math.round((this.now + Math.max(0, delayMs)) * 1_000) / 1_000;
    const event: Event = { at, order: this.#order++, label, action };
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return event;
  }

  /**
   * Lets time pass until `isOver` says so or nothing is left to happen. Between two events every promise settles:
   * the next step waits in the queue that Node.js empties only once no microtask is left.
   */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (isOver() || !this.#happen()) return resolve();
        } catch (error) {
          return reject(error);
        }
        queueMicrotask(later);
      };
      const later = () => process.nextTick(step);
      process.nextTick(step);
    });
  }

  /** Makes what happened part of the history's fingerprint. */
  mix(text: string): void {
    let hash = this.hash;
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), HASH_PRIME);
    }
    this.hash = hash >>> 0;
  }

  #happen(): boolean {
    let next = this.#take();
    while (next && !next.action) next = this.#take();
    if (!next?.action) return false;
    this.#inThisMoment = next.at === this.now ? this.#inThisMoment + 1 : 0;
    if (this.#inThisMoment > MAX_EVENTS_IN_A_MOMENT) throw new Error(`time stands still: ${next.label}`);
    this.now = next.at;
    this.events += 1;
    this.hash = Math.imul(this.hash ^ Math.round(next.at * 1_000), HASH_PRIME) >>> 0;
    this.mix(next.label);
    next.action();
    return true;
  }

  #take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first && last && first !== last) {
      heap[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(index: number): void {
    const heap = this.#heap;
    for (let child = index; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child], heap[parent])) return;
      swap(heap, child, parent);
      child = parent;
    }
  }

  #sink(index: number): void {
    const heap = this.#heap;
    for (let parent = index; ; ) {
      const left = 2 * parent + 1;
      const right = left + 1;
      let first = parent;
      if (isBefore(heap[left], heap[first])) first = left;
      if (isBefore(heap[right], heap[first])) first = right;
      if (first === parent) return;
      swap(heap, parent, first);
      parent = first;
    }
  }
}

function isBefore(a: Event | undefined, b: Event | undefined): boolean {
  if (!a || !b) return false;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function swap(heap: Event[], a: number, b: number): void {
  const one = heap[a];
  const other = heap[b];
  if (!one || !other) return;
  heap[a] = other;
  heap[b] = one;
}
