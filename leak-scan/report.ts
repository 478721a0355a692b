/**
 * What a run found, for people: place, source, kind, encoding, offset; and which message it came from. Never the
 * value.
 */
import { allowanceOf, isKnown } from './allowed.ts';
import { PLACES } from './places/place.ts';
import type { RunResult } from './run.ts';
import type { Finding } from './search/findings.ts';

export interface Judged {
  /** What must not be there. */
  readonly leaks: readonly Finding[];
  /** What must not be there either, and is known to be. */
  readonly known: readonly Finding[];
  /** What a line of the allow list explains. */
  readonly allowed: readonly Finding[];
  /** Cards at work, in memory. */
  readonly apart: readonly Finding[];
}

export function judge(findings: readonly Finding[]): Judged {
  const real = findings.filter(({ kind }) => kind !== 'mark');
  const allowance = (finding: Finding) => allowanceOf(finding);
  return {
    leaks: real.filter((each) => !allowance(each) && !isKnown(each)),
    known: real.filter((each) => !allowance(each) && isKnown(each)),
    allowed: real.filter((each) => allowance(each) && !allowance(each)?.isApart),
    apart: real.filter((each) => allowance(each)?.isApart),
  };
}

const COLUMNS = [
  ['place', 13],
  ['source', 34],
  ['kind', 10],
  ['encoding', 22],
  ['offset', 14],
  ['times', 6],
] as const;
const MOST_ROWS = 200;

export function table(findings: readonly Finding[]): string {
  const head = `${COLUMNS.map(([name, width]) => name.padEnd(width)).join(' ')} of`;
  const rows = findings.slice(0, MOST_ROWS).map(row);
  const more =
    findings.length > MOST_ROWS ? [`… and ${findings.length - MOST_ROWS} more; --json has all`] : [];
  return [head, ...rows, ...more].join('\n');
}

function row({ place, source, kind, encoding, offset, times, of }: Finding): string {
  const where = place === 'memory' ? `0x${offset.toString(16)}` : String(offset);
  const cells = [place, source, kind, encoding, where, String(times)];
  return `${COLUMNS.map(([, width], at) => (cells[at] ?? '').padEnd(width)).join(' ')} ${of}`;
}

/** How much was read of each place. */
export function summary({ bytes, sources, canaries, seconds }: RunResult): string {
  const read = PLACES.map(
    (place) =>
      `  ${place.padEnd(14)} ${String(sources.get(place) ?? 0).padStart(6)} sources ${megabytes(bytes.get(place))} MB`,
  );
  return [`looked for ${canaries} values in ${seconds.toFixed(0)} s:`, ...read].join('\n');
}

/** Findings by process and kind: how many values, how often. */
export function counts(findings: readonly Finding[]): string {
  const sums = new Map<string, { values: Set<string>; times: number }>();
  for (const { place, source, kind, of, times } of findings) {
    const key =
      place === 'replies' ? `${place}: ${kind}` : `${place}, ${source.replace(/ \(\d+\)$/, '')}: ${kind}`;
    const sum = sums.get(key) ?? { values: new Set(), times: 0 };
    sum.values.add(of);
    sum.times += times;
    sums.set(key, sum);
  }
  return [...sums]
    .map(([key, { values, times }]) => `  ${key}, ${values.size} values, ${times} times`)
    .join('\n');
}

function megabytes(bytes = 0): string {
  return (bytes / 1_048_576).toFixed(1).padStart(8);
}
