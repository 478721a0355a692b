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

/** The zones of the world lie no further from UTC than this, and a clock may be wrong by the rest. */
const FURTHEST_MS = 15 * 3_600_000;
const QUARTER_MS = 900_000;
/** Between the two times of one message: one is taken when it is made, the other when it is sent. */
const APART_MS = 120_000;

/** The moment of MMDDhhmmss by a clock that shows UTC, in milliseconds; NaN where it is no time. */
export function momentOf(monthToSecond: string, nowMs: number): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(withYear(monthToSecond, nowMs));
  const [, year, month, date, hour, minute, second] = (parts ?? []).map(Number);
  if (!month || month > 12 || !date) return Number.NaN;
  return Date.UTC(year ?? 0, month - 1, date, hour, minute, second);
}

/** Whether two times may be of one moment, by clocks of any zone; what is no time is near to all. */
export function isNear(one: number, other: number): boolean {
  return !(Math.abs(one - other) > FURTHEST_MS);
}

/** Whether they are, to the second. */
export function isSameMoment(one: number, other: number): boolean {
  return isNear(one, other) && (one - other) % QUARTER_MS === 0;
}

/**
 * A time of UTC by the local clock of a message that gives both: MMDDhhmmss.
 * @returns nothing where its two times are not a whole zone apart
 */
export function asLocal(
  sent: string,
  { utc, local }: { readonly utc: string; readonly local: string },
  nowMs: number,
): string | undefined {
  const apart = momentOf(local, nowMs) - momentOf(utc, nowMs);
  const zone = Math.round(apart / QUARTER_MS) * QUARTER_MS;
  const at = momentOf(sent, nowMs) + zone;
  const isZone = Math.abs(apart - zone) <= APART_MS && Math.abs(zone) <= FURTHEST_MS;
  return isZone && !Number.isNaN(at) ? dateAndTime(at) : undefined;
}

/** MMDDhhmmss. */
function dateAndTime(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/\D/g, '').slice(4, 14);
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

/** When a transaction was opened, in milliseconds since the epoch: its id is a UUID of version 7 (RFC 9562 §5.7). */
export function openedAt(transaction: string): number {
  return Number.parseInt(transaction.slice(0, 8) + transaction.slice(9, 13), 16);
}
