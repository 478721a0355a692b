import { withoutRepeat } from '../../../messages/index.ts';
import type { HostName } from '../../faults.ts';
import type { Asked, Habit } from './habit.ts';

// How networks answer reversals, and what they remember of them.

const OF_VISA = ['21', '25', '76', '77'] as const;
const NOT_FOUND: Readonly<Record<HostName, readonly string[]>> = {
  visa: OF_VISA,
  lodging: OF_VISA,
  iso87: ['25'],
  plain: ['25'],
  mastercard: ['25'],
};
/** Of requests: acted on so late that their reversal comes before. */
const RARELY = 0.08;
const DUPLICATE = '94';
const NOT_PERMITTED = '57';

/** What came before its original is not found, and the original is then taken as if nothing had been said. */
export const FORGETS_EARLY_REVERSALS = {
  name: 'forgets-early-reversals',
  says: 'answers a reversal that comes before its original as not found (25; Visa also 21, 76, 77), and forgets it',
  share: 0.15,
  network: {
    fares: (fortune, { message }, random) =>
      message.mti.startsWith('01') && random.chance(RARELY)
        ? { ...fortune, actAfterMs: random.between(2_000, 6_000) }
        : fortune,
    forgets: ({ network }, random) => {
      const codes = NOT_FOUND[network];
      return codes[random.integer(codes.length)];
    },
  },
} as const satisfies Habit;

/** Longer than any network says that it takes, and than a reversal which finds nothing is repeated for. */
const VERY_LATE_MS = { from: 135_000, to: 175_000 } as const;

/** What was given up on both sides comes to be all the same: nobody waits for it any more, and it is money. */
export const ACTS_AFTER_ITS_TIME_OUT = {
  name: 'acts-after-its-time-out',
  says: 'approves minutes later what it was asked, and knew nothing of when it was reversed',
  share: 0.1,
  network: {
    fares: (fortune, { message }, random) =>
      isRequest(message.mti) && random.chance(RARELY)
        ? { ...fortune, actAfterMs: random.between(VERY_LATE_MS.from, VERY_LATE_MS.to) }
        : fortune,
    forgets: ({ network }) => NOT_FOUND[network][0],
  },
} as const satisfies Habit;

export const DUPLICATE_REVERSALS = {
  name: 'duplicate-reversals',
  says: 'answers 94 to a reversal that it heard before',
  share: 0.15,
  network: {
    refuses: (asked) => (isReversal(asked) && asked.isKnown ? DUPLICATE : undefined),
  },
} as const satisfies Habit;

/** It knows full reversals only. */
export const REFUSES_PARTIAL_REVERSALS = {
  name: 'refuses-partial-reversals',
  says: 'refuses every reversal of a part',
  share: 0.1,
  network: {
    refuses: (asked) => (isReversal(asked) && asked.message.de95 ? NOT_PERMITTED : undefined),
  },
} as const satisfies Habit;

function isReversal({ message }: Asked): boolean {
  const mti = withoutRepeat(message.mti);
  return mti === '0400' || mti === '0420';
}

function isRequest(mti: string): boolean {
  return mti.startsWith('010') || mti.startsWith('020');
}
