import type { JournalEntry } from '../../switch/journal/journal.ts';
import type { Dated } from '../../switch/transaction/entries.ts';
import { foldMovements } from '../../switch/transaction/movements.ts';
import type { Simulation } from '../simulation.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MARCH = 2;
const OCTOBER = 9;
/** An entry is dated when it is handed over, and its clock is looked at again when it is written. */
const WRITTEN_WITHIN_MS = 60_000;

/**
 * I4 between days: whatever moved money carries the business date on which it did, so that no later setting moves it to
 * another day.
 */
export function checkDays({ world, database: { tables } }: Simulation): void {
  for (const id of tables.journal.keys()) {
    const entries = tables.history(id);
    const { folded, movements } = foldMovements(entries, 0);
    const moving = new Set([1, ...movements.map(({ version }) => version)]);
    if (!folded?.opening) continue;
    for (const entry of entries) {
      if (!moving.has(entry.version) || isDated(entry)) continue;
      world.violate('I4 conservation', `${entry.kind} of ${id} moved money on no business date of its own`);
    }
  }
}

function isDated({ body, at }: JournalEntry): boolean {
  const { businessDate } = body as Dated;
  return [at, at - WRITTEN_WITHIN_MS].some((moment) => dateAt(moment) === businessDate);
}

/**
 * Worked out apart from the switch: a day begins at one o'clock in Brussels, midnight in UTC, or an hour before it in
 * summer; its end names it.
 */
function dateAt(epochMs: number): string {
  const summerMs = isSummer(epochMs) ? HOUR_MS : 0;
  return new Date(epochMs + DAY_MS + summerMs).toISOString().slice(0, 10);
}

/** From the last Sunday of March to the last Sunday of October, at one o'clock UTC. */
function isSummer(epochMs: number): boolean {
  const year = new Date(epochMs).getUTCFullYear();
  return lastSunday(year, MARCH) <= epochMs && epochMs < lastSunday(year, OCTOBER);
}

function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month, 31, 1));
  return last.getTime() - last.getUTCDay() * DAY_MS;
}
