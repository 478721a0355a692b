import type { Habit } from './habit.ts';

const MOST_DAYS = 6;
const MONTH_BEGINS = '01';

/** A terminal in a cellar, or a ship at sea: what it approved by itself it tells of days later. */
export const OLD_ADVICES = {
  name: 'old-advices',
  says: 'tells of what it approved by itself days later, with the date and time of then',
  share: 0.15,
  terminal: {
    opens(message, { kind }, random) {
      const { de7 = '', de13 = '' } = message;
      if (kind !== 'offline' || !random.chance(0.6)) return message;
      const days = 1 + random.integer(MOST_DAYS);
      return {
        ...message,
        de7: daysBefore(de7.slice(0, 4), days) + de7.slice(4),
        de13: daysBefore(de13, days),
      };
    },
  },
} as const satisfies Habit;

/** Within the same month, which is as far as anybody reckons here. */
function daysBefore(monthAndDay: string, days: number): string {
  const day = Math.max(Number(MONTH_BEGINS), Number(monthAndDay.slice(2)) - days);
  return monthAndDay.slice(0, 2) + String(day).padStart(2, '0');
}
