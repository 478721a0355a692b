import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../end-to-end/row.ts';
import type { Result } from './save.ts';

/** `npm run bench -- compare A B`: two kept runs, row by row, with what got worse. */
export const COMPARE_HELP = `npm run bench -- compare A B

Compares two kept runs, B against A: each figure of B by that of A. ✗ marks what got worse by more than 5 %.
A and B are files, or the beginnings of names under bench/results/; "last" is the newest.

Example: npm run bench -- compare 2026-11-29 last`;

/** Worse by no more than this is noise. */
const TOLERANCE = 1.05;

/** Figures of which less is better, and how to read them. */
const FIGURES: readonly (readonly [string, (row: Row) => number | null])[] = [
  ['p50', (row) => row.p50_ms],
  ['p99', (row) => row.p99_ms],
  ['lag', (row) => row.lag_ms],
  ['shed', (row) => row.shed],
  ['lost', (row) => row.lost],
  ['late', (row) => row.late],
  ['stands', (row) => row.stands],
  ['switch', (row) => row.cpu_us_per_tx.switch],
  ['worker', (row) => row.cpu_us_per_tx.worker],
  ['postgres', (row) => row.cpu_us_per_tx.postgres],
  ['hsm', (row) => row.cpu_us_per_tx.hsm],
  ['sims', (row) => row.cpu_us_per_tx.simulators],
  ['all', (row) => row.cpu_us_per_tx.all],
  ['ratio', (row) => row.ratio],
  ['bytes', (row) => row.bytes_per_tx],
  ['WAL', (row) => row.wal_per_tx],
];
const CASE_WIDTH = 30;
const WIDTH = 9;

/** The lines of a comparison. Rows that only one of the two has are named. */
export function comparison(before: Result, after: Result): string[] {
  const of = ({ commit, at, cores, cpuModel, loadAtStart }: Result) =>
    `${at} ${commit}, ${cores} × ${cpuModel}, load ${loadAtStart}`;
  const lines = [`A: ${of(before)}`, `B: ${of(after)}`];
  if (before.cpuModel !== after.cpuModel || before.cores !== after.cores) {
    lines.push('A and B ran on different machines: only the ratios to the bare floor mean anything');
  }
  lines.push('case'.padEnd(CASE_WIDTH) + FIGURES.map(([name]) => name.padStart(WIDTH)).join(''));
  for (const row of before.rows) {
    const other = after.rows.find((each) => keyOf(each) === keyOf(row));
    const cells = FIGURES.map(([, figure]) =>
      (other ? cell(figure(row), figure(other)) : '').padStart(WIDTH),
    );
    lines.push(keyOf(row).padEnd(CASE_WIDTH) + (other ? cells.join('') : '  only in A'));
  }
  for (const row of after.rows) {
    if (!before.rows.some((each) => keyOf(each) === keyOf(row))) {
      lines.push(`${keyOf(row).padEnd(CASE_WIDTH)}  only in B`);
    }
  }
  return lines;
}

export function compareResults(names: readonly string[]): number {
  const [before, after] = names.map(find);
  if (names.length !== 2 || !before || !after) {
    console.error(names.length === 2 ? `no such run: ${before ? names[1] : names[0]}` : COMPARE_HELP);
    return 1;
  }
  for (const line of comparison(read(before), read(after))) console.log(line);
  return 0;
}

function keyOf({ case: name, terminals }: Row): string {
  return `${name}, ${terminals} terminals`;
}

/** B by A; where A is 0, B itself. */
function cell(before: number | null, after: number | null): string {
  if (before === null || after === null) return '–';
  if (before === 0) return after === 0 ? '=' : `${after}✗`;
  return `${(after / before).toFixed(2)}${after > before * TOLERANCE ? '✗' : ''}`;
}

function find(name: string): string | undefined {
  if (existsSync(name)) return name;
  const kept = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.json'))
    .sort();
  const found = name === 'last' ? kept.at(-1) : kept.findLast((file) => file.startsWith(name));
  return found && join(import.meta.dirname, found);
}

function read(file: string): Result {
  return JSON.parse(readFileSync(file, 'utf8')) as Result;
}
