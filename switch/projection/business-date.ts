import { utcCalendar } from '../../runtime/index.ts';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/**
 * The business date of a moment, YYYY-MM-DD. A business day is a UTC day that begins at the cut-over: with 22 the 4th
 * of May begins on the 3rd at 22:00; with 0 it is the calendar's.
 *
 * @param epochMs milliseconds since the Unix epoch
 * @param cutOverHour 0 … 23
 */
export function businessDate(epochMs: number, cutOverHour: number): string {
  const ahead = (DAY_HOURS - cutOverHour) % DAY_HOURS;
  const { year, month, day } = utcCalendar(epochMs + ahead * HOUR_MS);
  return `${year}-${two(month)}-${two(day)}`;
}

/** Whether a text is a date of the calendar: YYYY-MM-DD. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && businessDate(Date.parse(`${text}T00:00:00Z`), 0) === text;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
