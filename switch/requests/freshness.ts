import { utcCalendar } from '../../runtime/index.ts';
import type { TerminalMessage } from './terminal-message.ts';

// How far DE7 of a request may lie from now. It keeps a message that was recorded long ago from buying again once
// everything else about it is forgotten. It binds what opens legs and nothing else: a reversal, an advice or an upload
// may be days old, and to refuse it would leave the money where it is. DE7 has no year, so it tells of half a year
// either way at the most, which is what holds where the settings say nothing. It is UTC by the standard; many terminals
// write their local time, and one whose clock is known to be local is not held to it at all.

/** As wide as DE7 can be: no time is further from now in the year that brings it nearest. */
export const DEFAULT_FRESHNESS_MS = 184 * 86_400_000;

/** A month of zeros is a terminal that leaves DE7 empty. */
const MMDDhhmmss = /^(0[1-9]|1[0-2])(\d{2})(\d{2})(\d{2})(\d{2})$/;

/** How far DE7 lies from `now`, in the year that brings it nearest; nothing where there is none that is a time. */
export function distanceOf({ de7 }: Pick<TerminalMessage, 'de7'>, now: number): number | undefined {
  const [, month, day, hour, minute, second] = MMDDhhmmss.exec(de7 ?? '') ?? [];
  if (month === undefined) return undefined;
  const { year } = utcCalendar(now);
  const distances = [year - 1, year, year + 1].map((each) =>
    Math.abs(
      Date.UTC(each, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) - now,
    ),
  );
  return Math.min(...distances);
}
