import { DAY_MS } from '../../runtime/index.ts';

// Terminals say month, day and time, and no year. A key that carries a year is the only one that cannot be met again,
// so the year is settled here, once, when a message is understood. The year nearest to now was the rule before: then
// half of last year was taken for the year to come.

/** A terminal's clock, or its zone, may be ahead by this many days; what is further ahead was last year. */
const DAYS_AHEAD = 30;
const MONTH_AND_DATE = 4;

/** YYYYMMDDhhmmss of MMDDhhmmss: the latest such moment that is not more than a month ahead. */
export function withYear(monthToSecond: string, nowMs: number): string {
  const monthAndDate = monthToSecond.slice(0, MONTH_AND_DATE);
  const today = Math.floor(nowMs / DAY_MS);
  if (latest.monthAndDate !== monthAndDate || latest.today !== today) {
    latest = { monthAndDate, today, year: yearOf(monthAndDate, today) };
  }
  return latest.year + monthToSecond;
}

/** YYYYMMDD. */
export function dayStamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
}

/** What was worked out last: nearly every message is of the same date as the one before, and dates are dear. */
let latest: { monthAndDate: string; today: number; year: string } = { monthAndDate: '', today: 0, year: '' };

function yearOf(monthAndDate: string, today: number): string {
  const [month, date] = [Number(monthAndDate.slice(0, 2)), Number(monthAndDate.slice(2))];
  const thisYear = new Date((today + DAYS_AHEAD) * DAY_MS).getUTCFullYear();
  const isPast = Date.UTC(thisYear, month - 1, date) / DAY_MS <= today + DAYS_AHEAD;
  return String(isPast ? thisYear : thisYear - 1);
}
