import type { Clock, Monotonic } from '../../runtime/index.ts';
import type { NotAsked, Unreachable } from '../network-leg.ts';
import { Deadlines, type Expiring } from './deadlines.ts';

/** How a request on a link ended. `unreachable` and `not-asked` promise that no byte of it left. */
export type Exchange<M> = Ended<M> | NotSent;

/** How a request ended that left. */
export type Ended<M> =
  | { readonly status: 'answered'; readonly reply: M }
  | { readonly status: 'unknown'; readonly reason: string };

export type NotSent = Unreachable | NotAsked;

/** What is looked at before an answer counts. `follows`: the network says that the answer is yet to come. */
export type Examination = 'counts' | 'follows' | Disagreement;

interface Disagreement {
  readonly disagrees: readonly string[];
  /** Its code: behind one that declines there may be one that approves. */
  readonly code?: string | undefined;
}
export type Examine<M> = (reply: M) => Examination;

/** Whose request it was, and what its answer must be like. */
interface Asked<M, Tag> {
  readonly tag: Tag | undefined;
  readonly examine: Examine<M> | undefined;
}

interface Waiting<M, Tag> extends Asked<M, Tag>, Expiring {
  readonly key: string;
  readonly resolve: (ended: Ended<M>) => void;
  /** The codes of answers that came under its key and are not about it: each is told once. Nearly always none. */
  strays: Set<string | undefined> | undefined;
}

/**
 * What became of an answer: expected; expected, and another follows; after its deadline (with the tag its request had);
 * under the key of a request that it contradicts, which counts for nobody; or never asked for.
 */
export type Fate<Tag = string> =
  | { readonly fate: 'matched' | 'follows' | 'repeated' | 'unmatched' }
  | { readonly fate: 'late'; readonly tag: Tag | undefined }
  | { readonly fate: 'disagrees'; readonly tag: Tag | undefined; readonly elements: readonly string[] };

/** Told of one request. */
const MOST_STRAYS = 3;

/**
 * Requests that wait for their answer, by match key. A key that is taken refuses a second request; a key whose
 * deadline passed is remembered for a while, so that a late answer is recognised as such and not as a stranger. An
 * answer that contradicts its request leaves it waiting: the right one may yet come, and nobody can be told this one.
 */
export class PendingRequests<M, Tag = string> {
  readonly #rememberExpired: number;
  readonly #deadlines: Deadlines<Waiting<M, Tag>>;
  readonly #waiting = new Map<string, Waiting<M, Tag>>();
  readonly #expired = new Map<string, Asked<M, Tag>>();
  /** The same keys by STAN: after an outage there are thousands, and an answer may be looked for in them. */
  readonly #expiredByStan = new Map<string, Set<string>>();
  readonly #stanOf: (key: string) => string;

  /**
   * @param rememberExpired how many expired keys are kept; the oldest go first
   * @param stanOf the STAN in a key
   */
  constructor(clock: Clock, rememberExpired: number, stanOf: (key: string) => string = () => '') {
    this.#rememberExpired = rememberExpired;
    this.#stanOf = stanOf;
    this.#deadlines = new Deadlines(clock, (waiting) => this.#expire(waiting));
  }

  get size(): number {
    return this.#waiting.size;
  }

  keys(): Iterable<string> {
    return this.#waiting.keys();
  }

  /** Those that wait, and those of this STAN whose answer would be late. */
  *knownKeys(stan: string): Generator<string> {
    yield* this.#waiting.keys();
    yield* this.#expiredByStan.get(stan) ?? [];
  }

  has(key: string): boolean {
    return this.#waiting.has(key);
  }

  /**
   * Waits for the answer to `key`; the caller has checked `has`.
   * @param tag what the caller calls the request, given back with an answer that comes late
   * @param examine what an answer must be like; absent: any counts
   */
  wait(key: string, deadline: Monotonic, tag?: Tag, examine?: Examine<M>): Promise<Ended<M>> {
    return new Promise((resolve) => {
      const waiting = {
        key,
        deadline,
        resolve,
        tag,
        examine,
        isOver: false,
        strays: undefined,
      };
      this.#waiting.set(key, waiting);
      this.#deadlines.add(waiting);
    });
  }

  answer(key: string, reply: M): Fate<Tag> {
    const waiting = this.#waiting.get(key);
    if (!waiting) return this.#answerLate(key, reply);
    const { tag, examine } = waiting;
    const examined = examine?.(reply) ?? 'counts';
    if (examined === 'follows') return { fate: 'follows' };

    if (examined !== 'counts') {
      waiting.strays ??= new Set();
      const { strays } = waiting;
      if (strays.has(examined.code) || strays.size >= MOST_STRAYS) return { fate: 'repeated' };
      strays.add(examined.code);
      return { fate: 'disagrees', tag, elements: examined.disagrees };
    }

    this.#waiting.delete(key);
    this.#deadlines.settle(waiting);
    waiting.resolve({ status: 'answered', reply });
    return { fate: 'matched' };
  }

  /** The link went down: what was sent may or may not have arrived. */
  abandonAll(reason: string): void {
    for (const waiting of this.#waiting.values()) {
      this.#deadlines.settle(waiting);
      this.#remember(waiting);
      waiting.resolve({ status: 'unknown', reason });
    }
    this.#waiting.clear();
  }

  #answerLate(key: string, reply: M): Fate<Tag> {
    const asked = this.#expired.get(key);
    if (!asked) return { fate: 'unmatched' };
    const { tag, examine } = asked;
    const examined = examine?.(reply) ?? 'counts';
    if (examined === 'follows') return { fate: 'follows' };
    this.#forget(key);
    return examined === 'counts'
      ? { fate: 'late', tag }
      : { fate: 'disagrees', tag, elements: examined.disagrees };
  }

  #expire(waiting: Waiting<M, Tag>): void {
    this.#waiting.delete(waiting.key);
    this.#remember(waiting);
    waiting.resolve({ status: 'unknown', reason: 'no answer by the deadline' });
  }

  #remember({ key, tag, examine }: Waiting<M, Tag>): void {
    this.#expired.set(key, { tag, examine });
    const stan = this.#stanOf(key);
    const ofStan = this.#expiredByStan.get(stan) ?? new Set();
    this.#expiredByStan.set(stan, ofStan.add(key));
    if (this.#expired.size <= this.#rememberExpired) return;
    for (const oldest of this.#expired.keys()) {
      this.#forget(oldest);
      break;
    }
  }

  #forget(key: string): void {
    this.#expired.delete(key);
    const stan = this.#stanOf(key);
    const ofStan = this.#expiredByStan.get(stan);
    ofStan?.delete(key);
    if (ofStan?.size === 0) this.#expiredByStan.delete(stan);
  }
}
