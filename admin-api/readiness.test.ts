import { expect, test } from 'vitest';
import type { Clock } from '../runtime/index.ts';
import { askAll } from './readiness.ts';

/** A clock on which time passes only when the test says so. */
function stoppedClock(): Clock & { fireAll(): void } {
  const pending = new Set<() => void>();
  return {
    wall: () => 0,
    monotonic: () => 0,
    after(_, action) {
      pending.add(action);
      return { cancel: () => pending.delete(action) };
    },
    fireAll() {
      for (const action of pending) action();
    },
  };
}

const answers = async () => undefined;

test('ready means that every part answered', async () => {
  const readiness = await askAll({ database: answers, hsm: answers }, stoppedClock(), 1_000);
  expect(readiness).toEqual({
    ready: true,
    checks: [
      { name: 'database', ok: true },
      { name: 'hsm', ok: true },
    ],
  });
});

test('one part that fails makes the whole not ready, and is named with its reason', async () => {
  const refuses = () => Promise.reject(new Error('connection refused'));
  const readiness = await askAll({ database: refuses, hsm: answers }, stoppedClock(), 1_000);
  expect(readiness).toEqual({
    ready: false,
    checks: [
      { name: 'database', ok: false, reason: 'connection refused' },
      { name: 'hsm', ok: true },
    ],
  });
});

test('a part that never answers is not ready once the deadline has passed', async () => {
  const clock = stoppedClock();
  const pending = askAll({ database: () => new Promise(() => {}), hsm: answers }, clock, 250);
  clock.fireAll();
  const { ready, checks } = await pending;
  expect(ready).toBe(false);
  expect(checks[0]).toEqual({ name: 'database', ok: false, reason: 'no answer within 250 ms' });
});
