import { UNANSWERED } from '../bench/end-to-end/generator/traffic.ts';
import { type Account, UNSENT } from './tills/account.ts';

/** What became of the purchases of a wave. */
export interface Flow {
  readonly purchases: number;
  readonly approved: number;
  readonly refused: number;
  /** Without a reply; each was taken back, and that was acknowledged. */
  readonly unanswered: number;
  /** There was no connection. */
  readonly unsent: number;
  readonly late: number;
  readonly maxMs: number;
}

/** One fault, as the run prints it. Times in milliseconds. */
export interface Row {
  readonly fault: string;
  readonly lastedMs: number;
  readonly flow: Flow;
  /** What `/ready` said no about. */
  readonly notReady: readonly string[];
  /** From the fault's beginning until people could read of it; absent where nobody is told. */
  readonly alertAfterMs?: number;
  /** From its end until purchases are approved, queues empty and alerts closed. */
  readonly overAfterMs: number;
  readonly problems: readonly string[];
}

const APPROVALS: ReadonlySet<number> = new Set([0, 10]);

/** @param from the first purchase that counts @param to the first that does not */
export function flowOf({ codes, latencyMs, late }: Account, from: number, to: number): Flow {
  const count = { approved: 0, refused: 0, unanswered: 0, unsent: 0 };
  for (const code of codes.subarray(from, to)) {
    if (code === UNANSWERED) count.unanswered += 1;
    else if (code === UNSENT) count.unsent += 1;
    else count[APPROVALS.has(code) ? 'approved' : 'refused'] += 1;
  }
  return {
    purchases: Math.max(0, Math.min(to, codes.length) - from),
    ...count,
    late: late.filter(({ purchase }) => purchase >= from && purchase < to).length,
    maxMs: Math.round(latencyMs.subarray(from, to).reduce((most, ms) => Math.max(most, ms), 0)),
  };
}

const WIDTH = 9;
const COLUMNS: readonly (readonly [string, (row: Row) => string | number])[] = [
  ['lasted', ({ lastedMs }) => seconds(lastedMs)],
  ['asked', ({ flow }) => flow.purchases],
  ['approved', ({ flow }) => flow.approved],
  ['refused', ({ flow }) => flow.refused],
  ['unansw.', ({ flow }) => flow.unanswered],
  ['unsent', ({ flow }) => flow.unsent],
  ['late', ({ flow }) => flow.late],
  ['max ms', ({ flow }) => flow.maxMs],
  ['ready', ({ notReady }) => (notReady.length > 0 ? 'no' : 'yes')],
  ['told', ({ alertAfterMs }) => (alertAfterMs === undefined ? '–' : seconds(alertAfterMs))],
  ['over', ({ overAfterMs }) => seconds(overAfterMs)],
];
const NAME_WIDTH = 18;

export const DEFINITIONS = `
lasted      how long the fault lasted; asked … unansw. are all purchases from its beginning until it was over
unansw.     without a reply: each was taken back by a reversal until the switch acknowledged it
unsent      the terminal had no connection
late        replied to more than 2,000 ms after the request had left
ready       whether /ready said yes all the time
told        from the fault's beginning until its alert could be read
over        from the fault's end until purchases were approved, /ready said yes, every queue was empty and the alert closed`;

export function headLine(): string {
  return `${'fault'.padEnd(NAME_WIDTH)}${COLUMNS.map(([name]) => name.padStart(WIDTH)).join('')}`;
}

export function tableLine(row: Row): string {
  const mark = row.problems.length === 0 ? '✓' : '✗';
  const cells = COLUMNS.map(([, value]) => String(value(row)).padStart(WIDTH)).join('');
  return `${`${mark} ${row.fault}`.padEnd(NAME_WIDTH)}${cells}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
