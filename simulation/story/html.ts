import type { RunResult } from '../run.ts';
import { END_TITLES, type End, endsIn, HOW_TO_READ, seconds, unkindIn, violatedIn } from './head.ts';
import { LANES, type Lane, type Row, rowsOf } from './rows.ts';

// The same story as a page that needs nothing else: a sequence of arrows between terminal, switch, network and
// consensus. It is plain HTML in a grid, so that text wraps and can be searched; a drawn picture was rejected for that.

const STYLE = `
body{font:14px/1.4 system-ui,sans-serif;color:#1d2733;max-width:1500px;margin:24px auto;padding:0 24px}
h1{font-size:22px;margin:0 0 8px}h2{font-size:16px;margin:24px 0 8px}
.wrong{border-left:4px solid #c62828;padding:4px 12px;margin:8px 0;background:#fdecea}
.wrong p{margin:2px 0}.wrong ul{margin:4px 0;padding-left:20px}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #cfd8dc;padding:4px 8px;text-align:left;vertical-align:top}
th{background:#eceff1}
.row,.lanes{display:grid;
 grid-template-columns:70px 26px 70px minmax(230px,1fr) minmax(230px,1fr) minmax(150px,.6fr) 40px 150px}
.lanes{position:sticky;top:0;background:#fff;z-index:2;font-weight:600;border-bottom:2px solid #607d8b}
.lanes span{padding:6px 0}
.on{justify-self:start;transform:translateX(-50%)}
.life{border-left:1px dashed #b0bec5;grid-row:1/3;width:0}
.row{align-items:end}.row:hover{background:#f3f8fe}
.row>*{margin:3px 0}.row>.life{margin:0;align-self:stretch}
.at{color:#607d8b;font-variant-numeric:tabular-nums;font-size:12px;align-self:start;text-align:right;padding-right:8px}
.letter{font-weight:700;color:#fff;background:#455a64;border-radius:9px;width:18px;height:18px;line-height:18px;
 text-align:center;font-size:11px;align-self:start}
.arrow{position:relative;text-align:center;padding:0 14px 2px;border-bottom:2px solid #1565c0;grid-row:1}
.arrow.back{border-bottom-style:dashed}
.arrow::after{content:'';position:absolute;bottom:-6px;border:5px solid transparent}
.arrow.right::after{right:0;border-left-color:#1565c0;border-right:0}
.arrow.left::after{left:0;border-right-color:#1565c0;border-left:0}
.arrow.answer{grid-row:2;margin-top:0}
.note{background:#fff8e1;border:1px solid #ffe082;border-radius:4px;padding:1px 8px;max-width:320px;
 width:max-content;text-align:center;grid-row:1}
.breaks{grid-column:1/-1;background:#fdecea;color:#b71c1c;padding:2px 12px;border-radius:4px}
.breaks .at{color:inherit;margin-right:8px}
.money{font-size:12px;color:#2e7d32;align-self:start;padding-left:8px}
small{color:#78909c}
a{color:#1565c0}
`;

/** At which line of the grid each lane stands: arrows go from line to line. */
const LANE_AT: Readonly<Record<Lane, number>> = { terminal: 4, switch: 5, network: 6, proof: 7 };
const MONEY_AT = 8;
const LIVES = LANES.map((lane) => `<i class="life" style="grid-column:${LANE_AT[lane]}"></i>`).join('');

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
    `<p>${HOW_TO_READ}</p>`,
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
  const titles = LANES.map((lane) => `<span class="on" style="grid-column:${LANE_AT[lane]}">${lane}</span>`);
  const time = '<span style="grid-column:1;text-align:right;padding-right:8px">second</span>';
  return `${time}${titles.join('')}<span style="grid-column:${MONEY_AT}">the network has</span>`;
}

function rowHtml(row: Row): string {
  const { at, does, text, letter, money } = row;
  const time = `<span class="at">${seconds(at)}</span>`;
  if (does === 'breaks') return `<div class="row"><div class="breaks">${time}⚡ ${escaped(text)}</div></div>`;
  const tag = letter === undefined ? '' : `<span class="letter" style="grid-column:2">${letter}</span>`;
  const has = `<span class="money" style="grid-column:${MONEY_AT}">${escaped(money ?? '')}</span>`;
  return `<div class="row">${LIVES}${time}${tag}${marks(row)}${has}</div>`;
}

function marks({ lane, does, text, answer }: Row): string {
  if (does === 'notes') {
    return `<span class="note on" style="grid-column:${LANE_AT[lane]}">${told(text)}</span>`;
  }
  const isLeft = lane === 'terminal';
  const isToSwitch = does === 'asks';
  const points = isLeft === isToSwitch ? 'right' : 'left';
  const there = arrow(lane, points, text, !isToSwitch && isLeft ? 'back' : '');
  if (answer === undefined) return there;
  return there + arrow(lane, points === 'right' ? 'left' : 'right', answer, 'back answer');
}

/** Between the switch and another lane. */
function arrow(lane: Lane, points: 'left' | 'right', text: string, how: string): string {
  const ends = [LANE_AT[lane], LANE_AT.switch].sort((a, b) => a - b).join('/');
  return `<span class="arrow ${points} ${how}" style="grid-column:${ends}">${told(text)}</span>`;
}

/** Numbers of messages are for those who look them up. */
function told(text: string): string {
  return escaped(text).replace(/\[[^\]]*\]/g, '<small>$&</small>');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
