import { expect, it } from 'vitest';
import type { Clock } from '../../runtime/index.ts';
import { LoopWatch } from './loop-watch.ts';

/** A clock whose timers run when the test says so: late, and others of the same turn behind them. */
function lateClock() {
  let timers: { at: number; act: () => void }[] = [];
  const state = { now: 0 };
  const clock: Clock = {
    monotonic: () => state.now,
    wall: () => state.now,
    after: (delayMs, act) => {
      const timer = { at: state.now + delayMs, act };
      timers.push(timer);
      return {
        cancel: () => {
          timers = timers.filter((each) => each !== timer);
        },
      };
    },
  };
  /** The timers of one turn, which begins then; each takes so long, and what is due meanwhile runs too. */
  const turn = (at: number, eachMs: number) => {
    state.now = at;
    for (let due = next(); due; due = next()) {
      timers = timers.filter((each) => each !== due);
      due.act();
      state.now += eachMs;
    }
  };
  const next = () => timers.find((each) => each.at <= state.now);
  return { clock, state, turn };
}

it('what is read behind a late beat may have come before it, however much the timers of the turn had to do', () => {
  const { clock, state, turn } = lateClock();
  const loop = new LoopWatch(clock, () => clock.after(0, () => {}));
  expect(loop.heardAt(state.now)).toBe(0);
  turn(2_000, 4);
  expect(state.now).toBeGreaterThan(2_001);
  expect(loop.heardAt(state.now)).toBe(0);
});

it('what is read behind a beat that was in time has just come', () => {
  const { clock, state, turn } = lateClock();
  const loop = new LoopWatch(clock, () => {});
  turn(2_000, 0);
  turn(2_025, 0);
  state.now = 2_040;
  expect(loop.heardAt(state.now)).toBe(2_040);
});
