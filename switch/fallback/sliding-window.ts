import type { Clock, Monotonic } from '../../runtime/index.ts';

/** One attempt, and how it ended. */
export interface Attempt {
  readonly answered: boolean;
  readonly tookMs: number;
  /** Of a payment: the leading digits of its card. */
  readonly issuer?: string;
}

export interface WindowStatistics {
  readonly samples: number;
  readonly failures: number;
  /** The latency, in milliseconds, that this share of attempts stays within; rounded up to a step of the scale. */
  quantile(share: number): number;
}

const BUCKETS = 10;
/** Upper bounds in milliseconds; steps of a fifth to a third, which is what a trend has to tell apart. */
const SCALE = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 900, 1_000, 1_100,
  1_200, 1_300, 1_400, 1_500, 1_600, 1_700, 1_800, 2_000, 2_500, 3_000, 5_000, 10_000, 60_000,
];

interface Bucket {
  /** Which span of time it holds. */
  span: number;
  samples: number;
  failures: number;
  readonly latencies: Uint32Array;
}

/** Attempts of the last while, in constant memory: ten buckets, each with a histogram of latencies. */
export class SlidingWindow {
  readonly #clock: Clock;
  readonly #bucketMs: number;
  #isEmpty = true;
  readonly #buckets: readonly Bucket[] = Array.from({ length: BUCKETS }, () => ({
    span: -1,
    samples: 0,
    failures: 0,
    latencies: new Uint32Array(SCALE.length + 1),
  }));

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#bucketMs = windowMs / BUCKETS;
  }

  add({ answered, tookMs }: Attempt): void {
    const bucket = this.#bucketAt(this.#clock.monotonic());
    this.#isEmpty = false;
    bucket.samples += 1;
    if (!answered) bucket.failures += 1;
    const step = stepOf(tookMs);
    bucket.latencies[step] = (bucket.latencies[step] ?? 0) + 1;
  }

  clear(): void {
    if (this.#isEmpty) return;
    for (const bucket of this.#buckets) empty(bucket, -1);
    this.#isEmpty = true;
  }

  /** What this one holds and the other does not; everything in the other was added to this one, too. */
  without(other: SlidingWindow): SlidingWindow {
    const rest = new SlidingWindow(this.#clock, this.#bucketMs * BUCKETS);
    for (const [index, bucket] of this.#buckets.entries()) {
      const copy = rest.#buckets[index];
      copy?.latencies.set(bucket.latencies);
      if (copy) Object.assign(copy, { ...bucket, latencies: copy.latencies });
    }
    rest.#isEmpty = this.#isEmpty;
    rest.subtract(other);
    return rest;
  }

  /** Takes out what another of the same length holds; everything in that was added to this one, too. */
  subtract(other: SlidingWindow): void {
    if (other.#isEmpty) return;
    for (const [index, bucket] of this.#buckets.entries()) {
      const less = other.#buckets[index];
      if (!less || less.span !== bucket.span) continue;
      bucket.samples -= less.samples;
      bucket.failures -= less.failures;
      for (const [step, count] of less.latencies.entries()) {
        bucket.latencies[step] = (bucket.latencies[step] ?? 0) - count;
      }
    }
  }

  statistics(): WindowStatistics {
    const newest = this.#spanOf(this.#clock.monotonic());
    const held = this.#buckets.filter(({ span }) => span >= 0 && span > newest - BUCKETS && span <= newest);
    const samples = held.reduce((sum, bucket) => sum + bucket.samples, 0);
    const failures = held.reduce((sum, bucket) => sum + bucket.failures, 0);
    return { samples, failures, quantile: (share) => quantileOf(held, samples, share) };
  }

  #bucketAt(now: Monotonic): Bucket {
    const span = this.#spanOf(now);
    const bucket = this.#buckets[span % BUCKETS];
    if (!bucket) throw new RangeError(`there is no bucket for ${span}`);
    if (bucket.span !== span) empty(bucket, span);
    return bucket;
  }

  #spanOf(now: Monotonic): number {
    return Math.floor(now / this.#bucketMs);
  }
}

function empty(bucket: Bucket, span: number): void {
  bucket.span = span;
  bucket.samples = 0;
  bucket.failures = 0;
  bucket.latencies.fill(0);
}

function stepOf(ms: number): number {
  const step = SCALE.findIndex((bound) => ms <= bound);
  return step < 0 ? SCALE.length : step;
}

function quantileOf(buckets: readonly Bucket[], samples: number, share: number): number {
  if (samples === 0) return 0;
  const wanted = Math.ceil(samples * share);
  let seen = 0;
  for (let step = 0; step < SCALE.length; step += 1) {
    for (const { latencies } of buckets) seen += latencies[step] ?? 0;
    if (seen >= wanted) return SCALE[step] ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}
