import type { Habit } from './habit.ts';

/** An acquirer's host that counts its references by the day and not by the payment. */
export const RRN_FOR_A_DAY = {
  name: 'rrn-for-a-day',
  says: 'gives DE37 itself, and few of them: payments of one day share a retrieval reference',
  share: 0.12,
  terminal: {
    // DE37 of a refund names what is refunded.
    opens: (message, { kind }, random) =>
      kind === 'refund' || !random.chance(0.6)
        ? message
        : { ...message, de37: `6327${String(random.integer(2)).padStart(8, '0')}` },
  },
} as const satisfies Habit;
