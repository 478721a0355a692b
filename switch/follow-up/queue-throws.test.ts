import { describe, expect, it } from 'vitest';
import { HsmError } from '../../hsm/index.ts';
import { JournalError } from '../journal/journal.ts';
import { isHeldUpBy } from './queue-order.ts';
import { afterThrow } from './queue-throws.ts';

describe('a follow-up whose task threw', () => {
  it('is tried again, later each time, up to a minute', () => {
    const delays = [1, 2, 3, 7, 40].map((throws) => afterThrow(throws, new TypeError()));
    expect(delays).toEqual([1_000, 2_000, 4_000, 60_000, 60_000].map((retryAfterMs) => ({ retryAfterMs })));
  });

  it('by a defect fifty times in a row is parked', () => {
    expect(afterThrow(50, new TypeError())).toEqual({ park: 'threw 50 times in a row' });
  });

  it.each([new HsmError('HSM_BUSY'), new JournalError('SW_JOURNAL_UNAVAILABLE', 'no')])(
    'because something of ours is away has a day: %s',
    (error) => {
      expect(afterThrow(50, error)).toEqual({ retryAfterMs: 60_000 });
      expect(afterThrow(1_500, error)).toHaveProperty('park');
    },
  );
});

describe('a follow-up behind a parked one', () => {
  it.each([
    ['reverse-network', 'reverse-network', false],
    ['reverse-network', 'advise-network', true],
    ['advise-network', 'reverse-network', false],
    ['cancel-pop', 'complete-pop', false],
    ['unknown', 'reverse-network', true],
  ])('%s behind %s: held up is %s', (task, parked, expected) => {
    expect(isHeldUpBy(task, parked)).toBe(expected);
  });
});
