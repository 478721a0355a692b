import { InvalidArgumentError } from 'commander';
import { DAY_MS, HOUR_MS, systemClock } from '../../runtime/index.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: HOUR_MS, d: DAY_MS };

/** A time as a command's options give it: RFC 3339, or so long ago (30m, 6h, 2d). */
export function moment(text: string): number {
  const [, ago, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (ago !== undefined) return systemClock.wall() - Number(ago) * (UNITS[unit] ?? 0);
  const at = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new InvalidArgumentError('Expected a time like 2026-11-30T03:00:00Z, or 30m, 6h, 2d.');
}
