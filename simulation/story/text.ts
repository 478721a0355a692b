import type { RunResult } from '../run.ts';
import { END_TITLES, type End, endsIn, HOW_TO_READ, seconds, unkindIn, violatedIn } from './head.ts';
import { LANES, type Lane, type Row, rowsOf } from './rows.ts';

// A failing seed as people read it: what is wrong, then who said what to whom in columns, then how each payment ended.

const WIDTH: Readonly<Record<Lane | 'money', number>> = {
  terminal: 44,
  switch: 44,
  network: 44,
  proof: 34,
  money: 22,
};
const END_WIDTH: Readonly<Record<keyof End, number>> = {
  payment: 30,
  terminal: 34,
  network: 24,
  proof: 24,
  seen: 22,
  allowed: 24,
};
const TIME_WIDTH = 9;
const READ_WIDTH = 120;

export function storyText(result: RunResult): string {
  const rows = rowsOf(result);
  const used = LANES.filter((lane) => rows.some((row) => row.lane === lane && row.does !== 'breaks'));
  const widths = [TIME_WIDTH, 1, ...used.map((lane) => WIDTH[lane]), WIDTH.money];
  const titles = ['second'.padStart(TIME_WIDTH), '', ...used, 'money'];
  const told = rows.flatMap((row) => (row.does === 'breaks' ? [broken(row)] : lineOf(row, used, widths)));
  const keys = Object.keys(END_TITLES) as (keyof End)[];
  const endWidths = keys.map((key) => END_WIDTH[key]);
  const ends = endsIn(result).flatMap((end) =>
    tableLines(
      keys.map((key) => end[key]),
      endWidths,
    ),
  );
  return [
    ...wrongs(result),
    '',
    'What was unkind:',
    ...listed(unkindIn(result)),
    '',
    ...wrapped(HOW_TO_READ, READ_WIDTH),
    '',
    ...head(titles, widths),
    ...told,
    '',
    'At the end:',
    ...head(
      keys.map((key) => END_TITLES[key]),
      endWidths,
    ),
    ...ends,
  ].join('\n');
}

function wrongs(result: RunResult): string[] {
  return violatedIn(result).flatMap(({ name, says, link, what }) => [
    `✗ ${name}: ${says}`,
    `  ${link}`,
    ...what.map((each) => `  – ${each}`),
  ]);
}

function listed(lines: readonly string[]): string[] {
  return lines.length > 0 ? lines.map((line) => `  – ${line}`) : ['  – nothing'];
}

/** A fault goes across: it is nobody's lane. */
function broken({ at, text }: Row): string {
  return `${moment(at)} ┄ ${text} ┄`;
}

function lineOf(row: Row, used: readonly Lane[], widths: readonly number[]): string[] {
  const { at, lane, letter = '', money = '' } = row;
  const cells = used.map((each) => (each === lane ? cellOf(row) : ''));
  return tableLines([moment(at), letter, ...cells, money], widths);
}

/** The switch is in the middle: what goes to it from the left, or comes from it, points so. */
function cellOf({ lane, does, text, answer }: Row): string {
  const toSwitch = lane === 'terminal' ? '→ ' : '← ';
  const fromSwitch = lane === 'terminal' ? '← ' : '→ ';
  if (does === 'asks') return toSwitch + text;
  if (does !== 'hears') return text;
  return fromSwitch + text + (answer === undefined ? '' : ` ⇒ ${answer}`);
}

function head(titles: readonly string[], widths: readonly number[]): string[] {
  const [title = ''] = tableLines(titles, widths);
  const full = widths.map((width) => '─'.repeat(width)).join('─┼─');
  return [title, full];
}

function tableLines(cells: readonly string[], widths: readonly number[]): string[] {
  const wrappedCells = cells.map((cell, index) => wrapped(cell, widths[index] ?? 1));
  const height = Math.max(...wrappedCells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) =>
    wrappedCells
      .map((cell, index) => (cell[line] ?? '').padEnd(widths[index] ?? 1))
      .join(' │ ')
      .trimEnd(),
  );
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (let rest = text; rest !== '' || lines.length === 0; ) {
    const space = rest.length > width ? rest.lastIndexOf(' ', width) : -1;
    const end = rest.length <= width ? rest.length : space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return lines;
}

function moment(ms: number): string {
  return seconds(ms).padStart(TIME_WIDTH);
}
