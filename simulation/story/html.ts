import type { RunResult } from '../run.ts';
import { END_TITLES, type End, endsIn, seconds, unkindIn, violatedIn } from './head.ts';
import { LANES, type Row, rowsOf } from './rows.ts';

// The same story as a page that needs nothing else: a sequence of arrows between terminal, switch, network and
// consensus. It is plain HTML in a grid, so that text wraps and can be searched; a drawn picture was rejected for that.

const STYLE = `
body{font:14px/1.4 system-ui,sans-serif;color:#1d2733;max-width:1500px;margin:24px auto;padding:0 24px}
h1{font-size:22px;margin:0 0 8px}h2{font-size:16px;margin:24px 0 8px}
.wrong{border-left:4px solid #c62828;padding:4px 12px;margin:8px 0;background:#fdecea}
.wrong p{margin:2px 0}.wrong ul{margin:4px 0;padding-left:20px}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #cfd8dc;padding:4px 8px;text-align:left;vertical-align:top}
th{background:#eceff1}
.story{position:relative}
.row,.lanes{display:grid;column-gap:0;
 grid-template-columns:76px 28px 60px minmax(190px,1fr) 60px 60px minmax(190px,1fr) 60px 60px minmax(130px,.7fr) 60px 150px}
.lanes{position:sticky;top:0;background:#fff;z-index:2;font-weight:600;text-align:center;border-bottom:2px solid #607d8b}
.lanes span{padding:6px 0}
.line{position:absolute;top:0;bottom:0;border-left:1px dashed #b0bec5;z-index:-1}
.row{padding:3px 0;align-items:end}.row:hover{background:#f3f8fe}
.at{color:#607d8b;font-variant-numeric:tabular-nums;font-size:12px;align-self:start;text-align:right;padding-right:8px}
.letter{font-weight:700;color:#fff;background:#455a64;border-radius:9px;width:18px;height:18px;line-height:18px;text-align:center;font-size:11px;align-self:start}
.arrow{position:relative;text-align:center;padding:0 14px 3px;border-bottom:2px solid #1565c0}
.arrow.back{border-bottom-style:dashed}
.arrow::after{content:'';position:absolute;bottom:-6px;border:5px solid transparent}
.arrow.right::after{right:0;border-left-color:#1565c0;border-right:0}
.arrow.left::after{left:0;border-right-color:#1565c0;border-left:0}
.answer{grid-row:2;margin-top:2px}
.note{text-align:center;justify-self:center;background:#fff8e1;border:1px solid #ffe082;border-radius:4px;padding:1px 8px;max-width:100%}
.breaks{grid-column:1/-1;background:#fdecea;color:#b71c1c;padding:2px 12px;border-radius:4px}
.money{font-size:12px;color:#2e7d32;align-self:start;padding-left:8px}
a{color:#1565c0}code{font-size:12px}
`;

/** Columns of the grid in which each lane stands, counted from 1: an arrow ends in the middle between its two. */
const LANE_AT = { terminal: 3, switch: 5, network: 8, proof: 11 } as const;
const MONEY_AT = 12;

export function storyHtml(result: RunResult): string {
  const rows = rowsOf(result).map((row) => rowHtml(row));
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8">',
    `<title>Seed ${result.seed}: what went wrong</title><style>${STYLE}</style>`,
    `<h1>Seed ${result.seed}: what went wrong</h1>`,
    ...wrongs(result),
    '<h2>What was unkind</h2>',
    list(unkindIn(result)),
    '<h2>How each payment ended</h2>',
    endsTable(endsIn(result)),
    '<h2>What happened</h2>',
    '<div class="story">',
    `<div class="lanes">${lanes()}</div>`,
    ...rows,
    '</div></html>',
  ].join('\n');
}

function wrongs(result: RunResult): string[] {
  return violatedIn(result).map(({ name, says, link, what }) => {
    const title = `<p><b>${escaped(name)}</b>: ${escaped(says)} <a href="${link}">${link}</a></p>`;
    return `<div class="wrong">${title}${list(what)}</div>`;
  });
}

function list(lines: readonly string[]): string {
  const items = lines.length > 0 ? lines : ['nothing'];
  return `<ul>${items.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}

function endsTable(ends: readonly End[]): string {
  const keys = Object.keys(END_TITLES) as (keyof End)[];
  const titles = keys.map((key) => `<th>${END_TITLES[key]}</th>`).join('');
  const lines = ends.map((end) => `<tr>${keys.map((key) => `<td>${escaped(end[key])}</td>`).join('')}</tr>`);
  return `<table><tr>${titles}</tr>${lines.join('\n')}</table>`;
}

function lanes(): string {
  const span = (at: number, text: string, wide = 2) =>
    `<span style="grid-column:${at}/span ${wide}">${text}</span>`;
  return [
    span(1, 'second', 1),
    span(LANE_AT.terminal, 'terminal', 1),
    ...LANES.slice(1).map((lane) => span(LANE_AT[lane], lane, lane === 'proof' ? 1 : 2)),
    span(MONEY_AT, 'the network has', 1),
  ].join('');
}

function rowHtml(row: Row): string {
  const { at, does, text, letter, money } = row;
  const time = `<span class="at">${seconds(at)}</span>`;
  if (does === 'breaks') return `<div class="row"><div class="breaks">⚡ ${time}${escaped(text)}</div></div>`;
  const tag = letter === undefined ? '' : `<span class="letter" style="grid-column:2">${letter}</span>`;
  const has =
    money === undefined ? '' : `<span class="money" style="grid-column:${MONEY_AT}">${escaped(money)}</span>`;
  return `<div class="row">${time}${tag}${marks(row)}${has}</div>`;
}

function marks({ lane, does, text, answer }: Row): string {
  if (does === 'notes') return note(lane, text);
  const isLeft = lane === 'terminal';
  const isToSwitch = does === 'asks';
  const points = isLeft === isToSwitch ? 'right' : 'left';
  const there = arrow(lane, points, text, !isToSwitch && isLeft ? 'back' : '');
  if (answer === undefined) return there;
  return there + arrow(lane, points === 'right' ? 'left' : 'right', answer, 'back answer');
}

/** From the middle of one lane to the middle of the other. */
function arrow(lane: Row['lane'], points: 'left' | 'right', text: string, how: string): string {
  const [from, to] = lane === 'terminal' ? [4, 5] : lane === 'network' ? [7, 8] : [7, 11];
  return `<span class="arrow ${points} ${how}" style="grid-column:${from}/${to}">${escaped(text)}</span>`;
}

function note(lane: Row['lane'], text: string): string {
  const [from, to] = NOTE_AT[lane];
  return `<span class="note" style="grid-column:${from}/${to}">${escaped(text)}</span>`;
}

const NOTE_AT = { terminal: [3, 5], switch: [4, 8], network: [7, 10], proof: [10, 12] } as const;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
