import type { Habit } from './habit.ts';

/** The last card of each network: its issuer alone is not there. */
const SILENT_RANGES = ['400000', '520082'] as const;

/** The network is well, and says nothing of the cards of one issuer; what is reversed of them it takes itself. */
export const SILENT_ISSUER = {
  name: 'silent-issuer',
  says: 'has one issuer that answers nothing: every other card is served',
  share: 0.1,
  network: {
    fares: (fortune, { message: { de2, mti } }) => {
      const isAsked = mti.startsWith('010') || mti.startsWith('020');
      const isSilent = SILENT_RANGES.some((range) => de2?.reveal().startsWith(range));
      return isAsked && isSilent ? { ...fortune, loses: 'request' } : fortune;
    },
  },
} as const satisfies Habit;
