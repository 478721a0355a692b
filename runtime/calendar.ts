import { DAY_MS } from './durations.ts';

/** A moment read off the wall, in UTC. */
export interface UtcCalendar {
  readonly year: number;
  /** 1 … 12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 1 … 366 */
  readonly dayOfYear: number;
}

/** @param epochMs milliseconds since the Unix epoch */
export function utcCalendar(epochMs: number): UtcCalendar {
  const date = new Date(epochMs);
  const year = date.getUTCFullYear();
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    dayOfYear: Math.floor((epochMs - Date.UTC(year, 0, 1)) / DAY_MS) + 1,
  };
}
