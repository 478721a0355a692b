import type { CpuOf } from '../end-to-end/stage/stage.ts';

/** One case. Times in milliseconds, processor time in microseconds a payment, of both kinds together. */
export interface Row {
  readonly case: string;
  /** A second: purchases of terminals, and payments of applications. */
  readonly iso: number;
  readonly rest: number;
  readonly seconds: number;
  /** Of the applications: 201, any other status, and none. */
  readonly created: number;
  readonly refused: number;
  readonly unanswered: number;
  /** Of the applications; of the terminals where there are no others. */
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** Of the terminals. */
  readonly iso_p99_ms: number | null;
  /** Refused for load, or not answered. */
  readonly iso_shed: number | null;
  readonly cpu_us_per_tx: CpuOf;
  readonly behind_ms: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Where books differ; such a run proves nothing and ends with exit code 1. */
  readonly differences: readonly string[];
}

export const DEFINITIONS = `iso, rest   purchases of terminals, and payments of applications, offered a second
201, other  answers of the gateway: made, and any other; none: no answer
p50 … max   from the moment a payment of an application was due to its answer (of a purchase where there are only those)
iso p99     the same of the terminals' purchases; shed: refused for load. Where anything is, the machine was too busy
switch …    µs of processor time a payment, of both kinds, until the follow-ups were done
cost        what the switch spends on a payment of an application over a purchase of a terminal, in the same system: the
            difference of two cases with as many payments a second, by the payments that are of the other kind`;

const COLUMNS: readonly (readonly [string, (row: Row) => string | number])[] = [
  ['iso', (row) => row.iso],
  ['rest', (row) => row.rest],
  ['201', (row) => row.created],
  ['other', (row) => row.refused],
  ['none', (row) => row.unanswered],
  ['p50', (row) => row.p50_ms],
  ['p99', (row) => row.p99_ms],
  ['max', (row) => row.max_ms],
  ['iso p99', (row) => row.iso_p99_ms ?? '–'],
  ['iso shed', (row) => row.iso_shed ?? '–'],
  ['switch', (row) => row.cpu_us_per_tx.switch],
  ['worker', (row) => row.cpu_us_per_tx.worker],
  ['pg', (row) => row.cpu_us_per_tx.postgres],
  ['hsm', (row) => row.cpu_us_per_tx.hsm],
  ['sims', (row) => row.cpu_us_per_tx.simulators],
  ['behind', (row) => row.behind_ms],
];

const CASE_WIDTH = 24;
const WIDTH = 8;

export function headLine(): string {
  return 'case'.padEnd(CASE_WIDTH) + COLUMNS.map(([name]) => name.padStart(WIDTH)).join(' ');
}

export function tableLine(row: Row): string {
  const cells = COLUMNS.map(([, value]) => String(value(row)).padStart(WIDTH));
  return row.case.padEnd(CASE_WIDTH) + cells.join(' ');
}
