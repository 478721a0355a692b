import type { Group } from './stage/stage.ts';

/** One case, as the bench prints it and keeps it. Times in milliseconds, processor time in microseconds a purchase. */
export interface Row {
  readonly case: string;
  /** Purchases a second that the generator offered. */
  readonly offered: number;
  readonly terminals: number;
  readonly seconds: number;
  readonly done: number;
  readonly approved: number;
  readonly declined: number;
  readonly shed: number;
  readonly unanswered: number;
  /** Without a reply, and the network holds money: a terminal would reverse it. */
  readonly uncertain: number;
  readonly lost: number;
  readonly late: number;
  /** Not approved, and a proof of it stands. */
  readonly stands: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** Absent where the follow-ups were not drained in time. */
  readonly lag_ms: number | null;
  readonly cpu_us_per_tx: Readonly<Record<Group | 'generator' | 'all', number>>;
  readonly bare_cpu_us_per_tx: number | null;
  /** The switch's CPU, by that of the bare floor. */
  readonly ratio: number | null;
  readonly bytes_per_tx: number;
  readonly wal_per_tx: number;
  /** How late the generator was itself, at worst: where it is large, the latencies are the machine's. */
  readonly behind_ms: number;
  readonly codes: Readonly<Record<string, number>>;
  /** Where books differ; such a run proves nothing and ends with exit code 1. */
  readonly differences: readonly string[];
}

export const DEFINITIONS = `
done        replies of any kind, at any time
approved    DE39 00 or 10
declined    any other DE39 that is no refusal for load
shed        refused for load (DE39 91 or 96), or without a reply and nothing stands in any ledger
unanswered  without a reply; those of which nothing stands are part of shed
uncertain   without a reply, and the network holds money: a terminal would reverse it, the generator does not
lost        approved at the terminal and not in both peers' ledgers; or in a ledger, and unknown to the journal
stands      not approved, and its proof stands: it was begun and could not be taken back; the journal knows
late        replied to more than 2,000 ms after it was due
p50 … max   from the moment a purchase was due to its reply; what was never answered has no latency
lag         from when the last purchase was due until every follow-up was done: all proofs final in journal and in
            projection, queue empty
CPU         µs a purchase offered, from the first purchase until the follow-ups were drained; generator until the last reply
ratio       the switch's CPU by that of a bare fork and join with two durable commits
bytes, WAL  what the database holds more, and has written, by purchases offered`;

const COLUMNS: readonly (readonly [string, (row: Row) => string | number | null])[] = [
  ['offered', (row) => row.offered],
  ['term.', (row) => row.terminals],
  ['done', (row) => row.done],
  ['approved', (row) => row.approved],
  ['decl.', (row) => row.declined],
  ['shed', (row) => row.shed],
  ['unansw.', (row) => row.unanswered],
  ['uncert.', (row) => row.uncertain],
  ['lost', (row) => row.lost],
  ['late', (row) => row.late],
  ['stands', (row) => row.stands],
  ['p50', (row) => row.p50_ms],
  ['p99', (row) => row.p99_ms],
  ['max', (row) => row.max_ms],
  ['lag s', (row) => (row.lag_ms === null ? 'never' : row.lag_ms / 1_000)],
  ['switch', (row) => row.cpu_us_per_tx.switch],
  ['worker', (row) => row.cpu_us_per_tx.worker],
  ['pg', (row) => row.cpu_us_per_tx.postgres],
  ['hsm', (row) => row.cpu_us_per_tx.hsm],
  ['sims', (row) => row.cpu_us_per_tx.simulators],
  ['gen.', (row) => row.cpu_us_per_tx.generator],
  ['all', (row) => row.cpu_us_per_tx.all],
  ['bare', (row) => row.bare_cpu_us_per_tx],
  ['ratio', (row) => row.ratio],
  ['bytes', (row) => row.bytes_per_tx],
  ['WAL', (row) => row.wal_per_tx],
  ['behind', (row) => row.behind_ms],
];

const CASE_WIDTH = 22;
const WIDTH = 8;

export function headLine(): string {
  return 'case'.padEnd(CASE_WIDTH) + COLUMNS.map(([name]) => name.padStart(WIDTH)).join(' ');
}

export function tableLine(row: Row): string {
  const cells = COLUMNS.map(([, value]) => cell(value(row)).padStart(WIDTH));
  return row.case.padEnd(CASE_WIDTH) + cells.join(' ');
}

function cell(value: string | number | null): string {
  if (value === null) return '–';
  if (typeof value === 'string' || Number.isInteger(value)) return String(value);
  return value.toFixed(Math.abs(value) < 100 ? 1 : 0);
}
