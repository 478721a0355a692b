import { atDeadline, type Clock, type Monotonic, type Timer } from '../../runtime/index.ts';

/** Something that is over at its deadline, unless it is over before. */
export interface Expiring {
  readonly deadline: Monotonic;
  isOver: boolean;
}

/** So many that are over may be kept beyond as many as are not. */
const SLACK = 1_024;

/**
 * Deadlines behind one timer: a heap, the earliest on top. What is over stays until its deadline comes, or until most
 * of the heap is over. One timer each was rejected: of a thousand requests a second hardly one expires, and each paid
 * for a timer made and cancelled.
 */
export class Deadlines<T extends Expiring> {
  readonly #clock: Clock;
  readonly #expire: (item: T) => void;
  #heap: T[] = [];
  #over = 0;
  #timer: Timer | undefined;
  #firesAt: Monotonic = Number.POSITIVE_INFINITY;

  /** @param expire is told of each that is not over at its deadline, after it is marked */
  constructor(clock: Clock, expire: (item: T) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** How many are kept, those included that are over. */
  get size(): number {
    return this.#heap.length;
  }

  add(item: T): void {
    this.#heap.push(item);
    this.#rise(this.#heap.length - 1);
    if (item.deadline < this.#firesAt) this.#arm(item.deadline);
  }

  /** The item needs no deadline any more. */
  settle(item: T): void {
    item.isOver = true;
    this.#over += 1;
    if (this.#over <= this.#heap.length / 2 + SLACK) return;
    // What is sorted is a heap.
    this.#heap = this.#heap.filter(({ isOver }) => !isOver).sort((a, b) => a.deadline - b.deadline);
    this.#over = 0;
  }

  #arm(at: Monotonic): void {
    this.#timer?.cancel();
    this.#firesAt = at;
    this.#timer = atDeadline(this.#clock, at, () => this.#fire());
  }

  #fire(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    for (let first = this.#heap[0]; first; first = this.#heap[0]) {
      if (!first.isOver && first.deadline > now) {
        this.#arm(first.deadline);
        return;
      }
      this.#removeFirst();
      if (first.isOver) {
        this.#over -= 1;
      } else {
        first.isOver = true;
        this.#expire(first);
      }
    }
  }

  #rise(index: number): void {
    const heap = this.#heap;
    const item = heap[index];
    while (item && index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (!parent || parent.deadline <= item.deadline) break;
      heap[index] = parent;
      heap[above] = item;
      index = above;
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
      const isRight = left && right && right.deadline < left.deadline;
      const earlier = isRight ? right : left;
      if (!earlier || earlier.deadline >= last.deadline) break;
      heap[index] = earlier;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = last;
  }
}
