import type { ClientBase } from 'pg';
import { BusinessCalendar } from '../config/business-calendar.ts';

// Which calendar held when. Entries carry their date, so a setting that changes dates nothing anew; what has no date of
// its own, a line of a network's ledger, is dated by what held at its time.

interface CalendarRow {
  readonly time_zone: string;
  readonly cut_over_hour: number;
}

/** The first line holds since ever. */
const LATEST = `
  select time_zone, cut_over_hour from switch.business_calendar order by valid_from desc limit 1`;
const ADD = `
  insert into switch.business_calendar
    select case when exists (select from switch.business_calendar) then now() else 'epoch' end, $1, $2
    on conflict do nothing`;
const UNDATED = `
  with first as (
    insert into switch.projection_setting (cut_over_hour) values ($1) on conflict (is_only) do nothing
      returning cut_over_hour
  )
  select cut_over_hour from first union all select cut_over_hour from switch.projection_setting limit 1`;

/**
 * Writes down what holds from now on, where that is new.
 * @returns the UTC hour at which a business day began when entries had no date; it never changes
 */
export async function keepCalendar(
  client: ClientBase,
  { timeZone, cutOverHour }: { readonly timeZone: string; readonly cutOverHour: number },
): Promise<number> {
  const { rows: latest } = await client.query<CalendarRow>(LATEST);
  const isSame = latest[0]?.time_zone === timeZone && latest[0].cut_over_hour === cutOverHour;
  if (!isSame) await client.query(ADD, [timeZone, cutOverHour]);
  const { rows } = await client.query<Pick<CalendarRow, 'cut_over_hour'>>(UNDATED, [cutOverHour]);
  return rows[0]?.cut_over_hour ?? cutOverHour;
}

/** Dates moments of any time, each by the calendar that held then. */
export class KeptCalendar {
  /** The latest first. */
  readonly #calendars: readonly { readonly from: number; readonly calendar: BusinessCalendar }[];

  constructor(
    lines: readonly { readonly from: number; readonly timeZone: string; readonly cutOverHour: number }[],
  ) {
    this.#calendars = lines
      .map(({ from, ...settings }) => ({ from, calendar: new BusinessCalendar(settings) }))
      .sort((a, b) => b.from - a.from);
  }

  dateOf(epochMs: number): string {
    const held = this.#calendars.find(({ from }) => from <= epochMs) ?? this.#calendars.at(-1);
    return (held?.calendar ?? UTC).dateOf(epochMs);
  }
}

const UTC = new BusinessCalendar();

export async function readKeptCalendar(client: ClientBase): Promise<KeptCalendar> {
  const { rows } = await client.query<{ from: number; timeZone: string; cutOverHour: number }>(`
    select (extract(epoch from valid_from) * 1000)::double precision as from, time_zone as "timeZone",
        cut_over_hour as "cutOverHour"
      from switch.business_calendar`);
  return new KeptCalendar(rows);
}
