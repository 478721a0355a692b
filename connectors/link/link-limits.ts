import { jitter, type Monotonic, type Random } from '../../runtime/index.ts';

/**
 * How long a link waits for what, and how much it holds. The waits are those of a switch that answers within two
 * seconds: a network that takes longer than that to let us in is no use to a payment, and an attempt that hangs keeps
 * the next one from finding the network well again. A back-off that grows to minutes was rejected: one attempt a
 * second costs neither side anything, and a network that is back is used within a second or two.
 */
export interface LinkLimits {
  readonly maxFrameBytes: number;
  /** Requests waiting for an answer at one time. */
  readonly maxInFlight: number;
  /** Keys remembered after their deadline. */
  readonly maxExpired: number;
  /** Silence after which an echo is sent. */
  readonly echoAfterIdleMs: number;
  /** Silence after something was sent, after which an echo is sent. */
  readonly echoAfterUnansweredMs: number;
  /** Silence after an echo was sent, after which the connection is made anew. */
  readonly echoTimeoutMs: number;
  /** How long a connection may take to open, its handshake included. */
  readonly connectTimeoutMs: number;
  /** How long the answer to a sign-on may take. */
  readonly signOnTimeoutMs: number;
  /**
   * Waits between connection attempts in a row, from the beginning of one to that of the next, the last repeating; each
   * is jittered by ±20 %.
   */
  readonly reconnectDelaysMs: readonly number[];
}

export const DEFAULT_LINK_LIMITS: LinkLimits = {
  maxFrameBytes: 4_096,
  maxInFlight: 4_096,
  maxExpired: 20_000,
  echoAfterIdleMs: 10_000,
  echoAfterUnansweredMs: 1_000,
  echoTimeoutMs: 2_500,
  connectTimeoutMs: 1_000,
  signOnTimeoutMs: 1_500,
  reconnectDelaysMs: [50, 100, 250, 500, 1_000],
};

const JITTER = 0.2;

interface Attempts {
  /** Attempts in a row before the one to come. */
  readonly inARow: number;
  /** When the last of them began. */
  readonly lastBeganAt: Monotonic;
}

/** How long to wait from `now` until the next attempt: an attempt that took long is followed by one soon. */
export function reconnectDelay(
  { inARow, lastBeganAt }: Attempts,
  now: Monotonic,
  { reconnectDelaysMs: delays }: Pick<LinkLimits, 'reconnectDelaysMs'>,
  random: Random,
): number {
  const share = jitter(random, JITTER);
  const [shortest = 1_000] = delays;
  const delay = delays[Math.min(inARow, delays.length) - 1] ?? shortest;
  return Math.max(shortest * share, lastBeganAt + delay * share - now);
}
