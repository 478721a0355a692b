import type { Clock, Monotonic, Timer } from './clock.ts';

/** A timer that is late by more found the event loop away. */
const ON_TIME_MS = 5;

/**
 * Calls `action` once, at the deadline or soon after it. Timers run before sockets are read: where the event loop was
 * away at the deadline (garbage collection, a machine without a processor to spare), answers that came in time may lie
 * in sockets, so these are read first. To expire at once was rejected: one pause of a second then looked like a network
 * that answers nobody.
 */
export function atDeadline(clock: Clock, deadline: Monotonic, action: () => void): Timer {
  let timer = clock.after(deadline - clock.monotonic(), () => {
    if (clock.monotonic() - deadline <= ON_TIME_MS) action();
    else timer = clock.after(0, action);
  });
  return { cancel: () => timer.cancel() };
}
