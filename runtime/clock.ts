/** Milliseconds on a clock that never jumps and never goes back; only differences mean anything. */
export type Monotonic = number;

/** A pending timer; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time, handed in. Deadlines and durations use `monotonic`, so that a step of the wall clock can neither
 * approve nor decline anything; `wall` is for what is written down (journal, logs, DE7).
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  wall(): number;
  /** Milliseconds, with a fraction. */
  monotonic(): Monotonic;
  /** Calls `action` once, `delayMs` from now at the earliest. Does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, Math.max(0, delayMs));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
