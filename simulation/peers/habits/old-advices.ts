import type { Habit } from './habit.ts';

const MOST_DAYS = 6;

/** A terminal in a cellar, or a ship at sea: what it approved by itself it tells of days later. */
export const OLD_ADVICES = {
  name: 'old-advices',
  says: 'tells of what it approved by itself days later, with the date and time of then',
  share: 0.15,
  terminal: {
    opens(message, { kind }, random) {
      const { de7 = '', de13 = '' } = message;
      if (kind !== 'offline' || !random.chance(0.6)) return message;
      const days = Math.min(1 + random.integer(MOST_DAYS), dayOf(de7) - 1, dayOf(de13) - 1);
      if (days <= 0) return message;
      return {
        ...message,
        de7: daysBefore(de7.slice(0, 4), days) + de7.slice(4),
        de13: daysBefore(de13, days),
      };
    },
  },
} as const satisfies Habit;

/** Within the same month, which is as far as anybody reckons here; both of its times are of then. */
function daysBefore(monthAndDay: string, days: number): string {
  return monthAndDay.slice(0, 2) + String(dayOf(monthAndDay) - days).padStart(2, '0');
}

function dayOf(monthToDay: string): number {
  return Number(monthToDay.slice(2, 4));
}
