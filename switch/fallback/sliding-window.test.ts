import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { SlidingWindow } from './sliding-window.ts';

it('forgets what is older than the window', async () => {
  const clock = new VirtualClock();
  const window = new SlidingWindow(clock, 10_000);
  window.add({ answered: false, tookMs: 5 });
  await clock.advance(9_000);
  window.add({ answered: true, tookMs: 5 });
  expect(window.statistics()).toMatchObject({ samples: 2, failures: 1 });
  await clock.advance(1_000);
  expect(window.statistics()).toMatchObject({ samples: 1, failures: 0 });
  await clock.advance(60_000);
  expect(window.statistics()).toMatchObject({ samples: 0, failures: 0 });
});

it('a quantile is never below the exact one, and above it by a step of the scale at most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0.5, max: 0.999, noNaN: true }),
      (latencies, share) => {
        const window = new SlidingWindow(new VirtualClock(), 10_000);
        for (const tookMs of latencies) window.add({ answered: true, tookMs });
        const sorted = latencies.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
        const estimate = window.statistics().quantile(share);
        expect(estimate).toBeGreaterThanOrEqual(exact);
        expect(estimate).toBeLessThanOrEqual(Math.max(2, exact * 2));
      },
    ),
  );
});

it('what took longer than the scale reaches is beyond every threshold', () => {
  const window = new SlidingWindow(new VirtualClock(), 10_000);
  window.add({ answered: false, tookMs: 1e9 });
  expect(window.statistics().quantile(0.9)).toBe(Number.POSITIVE_INFINITY);
});

it('without another is what was not added to both', () => {
  const attempt = fc.record({
    answered: fc.boolean(),
    tookMs: fc.integer({ min: 0, max: 2_000 }),
    inBoth: fc.boolean(),
    afterMs: fc.integer({ min: 0, max: 2_000 }),
  });
  return fc.assert(
    fc.asyncProperty(fc.array(attempt, { maxLength: 50 }), async (attempts) => {
      const clock = new VirtualClock();
      const [all, some, rest] = Array.from({ length: 3 }, () => new SlidingWindow(clock, 10_000));
      for (const { inBoth, afterMs, ...one } of attempts) {
        await clock.advance(afterMs);
        all?.add(one);
        (inBoth ? some : rest)?.add(one);
      }
      if (!all || !some || !rest) throw new Error('there are three windows');
      const [expected, found] = [rest.statistics(), all.without(some).statistics()];
      expect([found.samples, found.failures]).toEqual([expected.samples, expected.failures]);
      for (const share of [0.5, 0.9, 0.99]) expect(found.quantile(share)).toBe(expected.quantile(share));
    }),
    { numRuns: 50 },
  );
});
