import { expect, it } from 'vitest';
import type { Clock } from '../../runtime/index.ts';
import { LineWatch } from './line-watch.ts';
import { DEFAULT_LINK_LIMITS } from './link-limits.ts';

/** A clock of a process that may stand still: its timer fires when the test says so, however late. */
class StandingClock implements Clock {
  now = 0;
  #next: (() => void) | undefined;
  wall = () => this.now;
  monotonic = () => this.now;

  after(_: number, action: () => void) {
    this.#next = action;
    return { cancel: () => {} };
  }

  fireAt(now: number): void {
    this.now = now;
    this.#next?.();
  }
}

it('does not take it for the silence of the other side that this process stood still', () => {
  const clock = new StandingClock();
  const done: string[] = [];
  const watch = new LineWatch(clock, DEFAULT_LINK_LIMITS, {
    ask: () => done.push('asked'),
    dead: () => done.push('dead'),
  });
  watch.start();
  clock.fireAt(10_000);
  clock.fireAt(60_000);
  watch.answered();
  clock.fireAt(60_000);
  expect(done).toEqual(['asked']);

  clock.fireAt(70_000);
  clock.fireAt(72_500);
  clock.fireAt(72_500);
  expect(done).toEqual(['asked', 'asked', 'dead']);
});

it('takes what a network says by itself for no answer: a line of which one half is dead is given up', () => {
  const clock = new StandingClock();
  const done: string[] = [];
  const watch = new LineWatch(clock, DEFAULT_LINK_LIMITS, {
    ask: () => done.push('asked'),
    dead: () => done.push('dead'),
  });
  watch.start();
  watch.sent();
  clock.fireAt(1_000);
  watch.heard();
  clock.fireAt(3_500);
  watch.heard();
  clock.fireAt(3_500);
  expect(done).toEqual(['asked', 'dead']);
});
