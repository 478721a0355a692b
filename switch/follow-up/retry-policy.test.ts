import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetryStrategy } from '../config/retry.ts';
import { retry } from './retry-policy.ts';

const strategy = (overrides: Partial<RetryStrategy> = {}): RetryStrategy => ({
  firstDelayMs: 100,
  maxDelayMs: 10_000,
  maxAttempts: 50,
  ...overrides,
});
/** The given share of what chance may give. */
const chance = (share: number) => ({
  bytes: Buffer.alloc,
  integer: (below: number) => Math.floor(share * (below - 1)),
});
const delays = (given: RetryStrategy, count: number, share = 0.5) =>
  Array.from({ length: count }, (_, index) => {
    const result = retry(given, chance(share)).again(index + 1, 'no answer');
    return 'retryAfterMs' in result ? Math.round(result.retryAfterMs) : result;
  });

describe('a retry strategy', () => {
  it('begins with its first delay and grows by its factor up to the longest', () => {
    expect(delays(strategy({ factor: 3, jitter: 0 }), 6)).toEqual([100, 300, 900, 2_700, 8_100, 10_000]);
  });

  it('without factor and jitter grows by half, ten per cent up or down', () => {
    expect(delays(strategy(), 3)).toEqual([100, 150, 225]);
    expect(delays(strategy(), 1, 0)).toEqual([90]);
    expect(delays(strategy(), 1, 1)).toEqual([110]);
  });

  it('of a constant delay is constant', () => {
    expect(delays(strategy({ factor: 1, jitter: 0 }), 4)).toEqual([100, 100, 100, 100]);
  });

  it('parks after the last attempt, and says why', () => {
    expect(retry(strategy({ maxAttempts: 3 }), chance(0.5)).again(3, 'no answer')).toEqual({
      park: 'gave up after 3 attempts: no answer',
    });
  });

  it('knows retryable codes as data', () => {
    const { isRetryable } = retry(strategy({ retryableCodes: ['91', '96'] }), chance(0.5));
    expect(['91', '96', '05'].map(isRetryable)).toEqual([true, true, false]);
  });

  it('never waits longer than the longest delay and its jitter, nor for ever, nor less than nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999_999 }),
        fc.double({ min: 1, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, factor, jitter, share) => {
          const given = strategy({ factor, jitter, maxAttempts: 1_000_000 });
          const result = retry(given, chance(share)).again(attempt, 'no answer');
          const delay = 'retryAfterMs' in result ? result.retryAfterMs : Number.NaN;
          expect(delay).toBeGreaterThanOrEqual(given.firstDelayMs * (1 - jitter) - 1e-6);
          expect(delay).toBeLessThanOrEqual(given.maxDelayMs * (1 + jitter) + 1e-6);
        },
      ),
    );
  });
});
