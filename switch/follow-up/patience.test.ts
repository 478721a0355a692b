import { describe, expect, it } from 'vitest';
import { createTestCore } from '../../test/support/core.ts';
import { waitUntil } from './patience.ts';

function patienceOf(attempt: number, attemptTimeoutMs: number): number {
  const { ports } = createTestCore();
  const settings = { ...ports.settings, followUps: { ...ports.settings.followUps, attemptTimeoutMs } };
  return waitUntil({ attempt }, { clock: ports.clock, settings }) - ports.clock.monotonic();
}

describe('an attempt to tell a network', () => {
  it('is more patient than the one before, up to fifteen seconds', () => {
    expect([1, 2, 3, 4, 40].map((attempt) => patienceOf(attempt, 5_000))).toEqual([
      5_000, 10_000, 15_000, 15_000, 15_000,
    ]);
  });

  it('is never less patient than the setting', () => {
    expect([1, 2, 9].map((attempt) => patienceOf(attempt, 60_000))).toEqual([60_000, 60_000, 60_000]);
  });
});
