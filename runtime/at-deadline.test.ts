import { expect, it } from 'vitest';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { atDeadline } from './at-deadline.ts';
import { type Clock, systemClock } from './clock.ts';

/** A clock whose event loop is away for a while: timers fire late, in one turn. */
function lateBy(ms: number) {
  const clock = new VirtualClock();
  const late: Clock = {
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    after: (delayMs, action) => clock.after(delayMs === 0 ? 0 : delayMs + ms, action),
  };
  return { clock, late };
}

function standStillUntil(at: number): void {
  let now: number;
  do now = systemClock.monotonic();
  while (now < at);
}

it('acts at the deadline', async () => {
  const clock = new VirtualClock();
  const acted: number[] = [];
  atDeadline(clock, 200, () => acted.push(clock.monotonic()));
  await clock.advance(1_000);
  expect(acted).toEqual([200]);
});

it('is cancelled at any moment, between its timer and the reading too', async () => {
  const { clock, late } = lateBy(700);
  let hasActed = false;
  const timer = atDeadline(late, 200, () => {
    hasActed = true;
  });
  clock.after(900, () => timer.cancel());
  await clock.advance(2_000);
  expect(hasActed).toBe(false);
});

it('reads a real socket before it expires what the socket answers', async () => {
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = systemClock.monotonic() + 5;
  const timer = atDeadline(systemClock, deadline, () => {
    order.push('expired');
    resolve();
  });
  setImmediate(() => {
    // The loop is away for longer than the deadline; what a socket brings is heard in the phase after the timers.
    standStillUntil(deadline + 20);
    setImmediate(() => {
      order.push('answered');
      timer.cancel();
      resolve();
    });
  });
  await promise;
  expect(order).toEqual(['answered']);
});
