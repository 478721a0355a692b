import { DAY_MS, HOUR_MS, utcCalendar } from '../../runtime/index.ts';

/**
 * Which business day a moment belongs to. A business day is a day of a named time zone, by its summer and winter time,
 * that begins at a full hour on that zone's clocks: with 22 the 4th of May begins on the 3rd at 22:00, with 0 it is the
 * calendar's. Clocks are put back over less than an hour that is full, so no day begins twice.
 *
 * Node's own Intl knows the zones and what their clocks did and will do. It takes some microseconds to ask, so it is
 * asked once for every quarter of an hour: no zone changes its clocks in between, nor begins an hour. A fixed hour of
 * UTC was the rule before: half of the year it was an hour off the merchants' evening.
 */
export interface BusinessCalendarSettings {
  /** IANA name: Europe/Brussels. UTC where absent. */
  readonly timeZone?: string | undefined;
  /** 0 … 23; 0 where absent. */
  readonly cutOverHour?: number | undefined;
}

const QUARTER_MS = 900_000;
/** Of quarters that are kept: a ledger is read day by day. */
const MAX_KEPT = 4_096;

export class BusinessCalendar {
  readonly #cutOverHour: number;
  readonly #clocks: Intl.DateTimeFormat | undefined;
  readonly #dates = new Map<number, string>();

  /** @throws RangeError where there is no such time zone */
  constructor({ timeZone = 'UTC', cutOverHour = 0 }: BusinessCalendarSettings = {}) {
    this.#cutOverHour = cutOverHour;
    this.#clocks = timeZone === 'UTC' ? undefined : clocksOf(timeZone);
  }

  /**
   * YYYY-MM-DD.
   * @param epochMs milliseconds since the Unix epoch
   */
  dateOf(epochMs: number): string {
    const quarter = Math.floor(epochMs / QUARTER_MS);
    const known = this.#dates.get(quarter);
    if (known !== undefined) return known;
    const date = businessDate(this.#wallAt(quarter * QUARTER_MS), this.#cutOverHour);
    if (this.#dates.size >= MAX_KEPT) this.#dates.clear();
    this.#dates.set(quarter, date);
    return date;
  }

  /** The first moment after this one at which the zone's clocks come to a full hour of the day. */
  next(hour: number, afterMs: number): number {
    let at = (Math.floor(afterMs / QUARTER_MS) + 1) * QUARTER_MS;
    // A day whose clocks leave the hour out has none of it: the search ends within two.
    for (const end = at + 2 * DAY_MS; at < end; at += QUARTER_MS) {
      const wall = this.#wallAt(at);
      if (wall % DAY_MS === hour * HOUR_MS) return at;
    }
    return at;
  }

  /** What the zone's clocks show: MMDDhhmmss. */
  shownAt(epochMs: number): string {
    const quarter = Math.floor(epochMs / QUARTER_MS) * QUARTER_MS;
    const { month, day, hour, minute, second } = utcCalendar(this.#wallAt(quarter) + (epochMs - quarter));
    return [month, day, hour, minute, second].map(two).join('');
  }

  /** What the zone's clocks show, as if they were UTC's. */
  #wallAt(epochMs: number): number {
    if (!this.#clocks) return epochMs;
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#clocks.formatToParts(epochMs)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute);
  }
}

/** Whether Node knows a zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    clocksOf(name);
    return true;
  } catch {
    return false;
  }
}

/** Whether a text is a date of the calendar: YYYY-MM-DD. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && businessDate(Date.parse(`${text}T00:00:00Z`), 0) === text;
}

function clocksOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
}

/** The business date of what a clock shows. */
export function businessDate(wallMs: number, cutOverHour: number): string {
  const aheadMs = cutOverHour === 0 ? 0 : DAY_MS - cutOverHour * HOUR_MS;
  const { year, month, day } = utcCalendar(wallMs + aheadMs);
  return `${year}-${two(month)}-${two(day)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
