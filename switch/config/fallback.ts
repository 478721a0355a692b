import { type Static, Type } from 'typebox';

const Milliseconds = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });

/** When the trend of a counterpart is called degraded. Each threshold alone is enough. */
const Thresholds = Type.Object({
  /** Share of attempts without an answer, 0 to 1. */
  failureRate: Type.Number({ minimum: 0.001, maximum: 1 }),
  /** The rate counts from so many failures on, so that one bad minute of a quiet night is no trend. */
  minFailures: Type.Integer({ minimum: 1, maximum: 100_000 }),
  /** What the quantile below takes, in milliseconds. */
  latencyMs: Milliseconds(1, 60_000),
  latencyQuantile: Type.Number({ minimum: 0.5, maximum: 0.999 }),
  /** Follow-ups that are overdue in its lane. */
  queueDepth: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
});

export const FallbackSettings = Type.Object({
  /** How far back a trend looks. */
  windowMs: Milliseconds(1_000, 3_600_000),
  /** Attempts within the window below which nothing is concluded. */
  minSamples: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  /** How often trends are judged, and changes by operators looked for. */
  judgeEveryMs: Milliseconds(50, 60_000),
  /** How often one real attempt is let through while a mode is open. */
  probeEveryMs: Milliseconds(10, 600_000),
  /** Good attempts in a row that close a mode: this many times the patience of opening it. */
  closeAfterGood: Type.Integer({ minimum: 1, maximum: 10_000 }),
  /** An attempt is good if it takes at most this share of the latency that opens the mode. */
  goodLatencyShare: Type.Number({ minimum: 0.05, maximum: 1 }),
  /** A link that is not signed on for so long opens its network's mode without any traffic. */
  linkDownMs: Milliseconds(100, 3_600_000),
  /** A link that is lost so often within the window opens it as well, however fast it is back each time. */
  linkLosses: Type.Integer({ minimum: 2, maximum: 1_000 }),
  network: Thresholds,
  pop: Thresholds,
  journal: Thresholds,
  hsm: Thresholds,
});

export type FallbackSettings = Static<typeof FallbackSettings>;
export type Thresholds = Static<typeof Thresholds>;

const leg: Thresholds = {
  failureRate: 0.08,
  minFailures: 5,
  latencyMs: 1_500,
  latencyQuantile: 0.9,
  queueDepth: 5_000,
};

/** What holds where the settings say nothing, for a deadline of two seconds. */
export const DEFAULT_FALLBACK: FallbackSettings = {
  windowMs: 30_000,
  minSamples: 40,
  judgeEveryMs: 1_000,
  probeEveryMs: 500,
  closeAfterGood: 30,
  goodLatencyShare: 0.8,
  linkDownMs: 10_000,
  linkLosses: 10,
  network: leg,
  pop: leg,
  journal: { ...leg, latencyMs: 250 },
  hsm: { ...leg, latencyMs: 200 },
};
