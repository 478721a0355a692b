import type { RunResult } from './run.ts';
import type { Line } from './world/world.ts';

// A failing seed as people read it: who said what to whom, in columns, from the first payment to what was violated.

const COLUMNS = ['terminal', 'switch', 'network', 'proof', 'money'] as const;
type Column = (typeof COLUMNS)[number];
type Row = { readonly at: number } & Partial<Record<Column, string>>;

const INVARIANTS = 'docs/simulation.md#invariants';
const NETWORKS: ReadonlySet<string> = new Set(['visa', 'iso87']);
const IS_NODE = /^node-\d+$/;
/** What the switch logs of its own work in every run, which no story needs. */
const EVERYDAY =
  /"event":"(switch\.|link\.|journal\.attached|audit\.|listener\.|follow-up\.(begun|done)|mode\.|head\.)/;
const MAX_ROWS = 120;
const WIDTH: Readonly<Record<Column, number>> = {
  terminal: 52,
  switch: 50,
  network: 42,
  proof: 34,
  money: 26,
};

export function storyText(result: RunResult): string {
  const rows = rowsOf(result);
  const used = COLUMNS.filter((column) => rows.some((row) => row[column]));
  const title = ['     second', ...used.map((column) => column.padEnd(WIDTH[column]))].join(' │ ');
  const lines = rows.flatMap((row) => linesOf(row, used));
  const rule = title.replace(/[^│]/g, '─').replace(/│/g, '┼');
  return [title.trimEnd(), rule, ...lines, '', ...violated(result)].join('\n');
}

/** The same, as a page that needs nothing else. */
export function storyHtml(result: RunResult): string {
  const rows = rowsOf(result);
  const cell = (text: string | undefined) => `<td>${escaped(text ?? '')}</td>`;
  const body = rows.map(
    (row) => `<tr><td>${moment(row.at)}</td>${COLUMNS.map((column) => cell(row[column])).join('')}</tr>`,
  );
  return [
    '<!doctype html><meta charset="utf-8">',
    `<title>seed ${result.seed}</title>`,
    '<style>body{font:14px sans-serif}td,th{padding:2px 12px;vertical-align:top;text-align:left}',
    'td+td,th+th{border-left:2px solid #999}tr:hover{background:#eef}</style>',
    `<h1>Seed ${result.seed}</h1><p>${violated(result).map(escaped).join('<br>')}</p>`,
    `<table><tr><th>second</th>${COLUMNS.map((column) => `<th>${column}</th>`).join('')}</tr>`,
    ...body,
    '</table>',
  ].join('\n');
}

function violated({ violations }: RunResult): string[] {
  return [
    ...violations.map(({ at, invariant, what }) => `✗ ${moment(at)} s  ${invariant}: ${what}`),
    `what each invariant says: ${INVARIANTS}`,
  ];
}

function rowsOf({ timeline }: RunResult): Row[] {
  const rows = timeline.flatMap((line) => rowOf(line) ?? []);
  if (rows.length <= MAX_ROWS) return rows;
  const half = MAX_ROWS / 2;
  const left = rows.length - MAX_ROWS;
  const gap: Row = { at: rows[half]?.at ?? 0, switch: `… ${left} lines left out …` };
  return [...rows.slice(0, half), gap, ...rows.slice(-half)];
}

function rowOf({ at, actor, what, money }: Line): Row | undefined {
  if (actor === 'ORACLE') return undefined;
  const and = money === undefined ? {} : { money };
  if (NETWORKS.has(actor)) return { at, network: `${actor}: ${what}`, ...and };
  if (actor === 'pop') return { at, proof: proofWords(what), ...and };
  if (IS_NODE.test(actor)) {
    const said = switchWords(what);
    return said === undefined ? undefined : { at, switch: `${actor} ${said}` };
  }
  const isPlace = ['line', 'database', 'hsm', 'operator', 'network'].includes(actor);
  return isPlace ? { at, switch: `(${actor}) ${what}` } : { at, terminal: withActor(actor, what) };
}

function withActor(actor: string, what: string): string {
  return what.includes(actor) ? what : `${actor} ${what}`;
}

/** Of a log line: its event and what it is about. */
function switchWords(what: string): string | undefined {
  const json = /^log: (\{.*\})$/.exec(what)?.[1];
  if (json === undefined) return what.startsWith('log: ') ? undefined : what;
  if (EVERYDAY.test(json)) return undefined;
  const { event, level, code, reason, task, state, msg } = JSON.parse(json) as Record<string, unknown>;
  if (typeof level === 'number' && level < 30) return undefined;
  const about = [task, state, code, reason, msg].filter((each) => typeof each === 'string');
  return `${event}${about.length > 0 ? `: ${about.join(', ')}` : ''}`;
}

function proofWords(what: string): string {
  return what
    .replace(/"(transaction_id|validation_id)":"[^"]*",?/g, '')
    .replace(/transaction_id=[0-9a-f-]*/g, '…')
    .replace(/[{}"]/g, '');
}

function linesOf(row: Row, used: readonly Column[]): string[] {
  const cells = used.map((column) => wrapped(row[column] ?? '', WIDTH[column]));
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => {
    const at = line === 0 ? moment(row.at) : ' '.repeat(11);
    const texts = cells.map((cell, index) => (cell[line] ?? '').padEnd(WIDTH[used[index] ?? 'money']));
    return [at, ...texts].join(' │ ').trimEnd();
  });
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
  return (ms / 1_000).toFixed(3).padStart(11);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
