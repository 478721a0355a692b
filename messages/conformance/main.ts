import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runTool } from '../../runtime/index.ts';
import { checkRows, type Outcome } from './check.ts';
import { type Row, readRows } from './rows.ts';

/**
 * `npm run conformance -- FILE.jsonl [--json]`: passed and failed per kind and group, with the reason of each failure.
 */

interface Tally {
  kind: string;
  group: string;
  passed: number;
  failed: number;
  unspecified: number;
  policy: number;
}

const HELP = `npm run conformance -- FILE.jsonl [--json]

Checks the codec against the rows of a file, and tells for each kind and group how many passed, with the reason of each
failure. Exits 1 where one failed, 2 where it was called wrongly.

  --json      one object instead of tables
  --help      this page
  --version   the release

Example: npm run conformance -- cases.jsonl`;

await runTool({ name: 'npm run conformance --', args: process.argv.slice(2) }, main);

function main(args: readonly string[]): number {
  const boolean = { type: 'boolean', default: false } as const;
  const options = { json: boolean, help: boolean };
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [file] = positionals;
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (file === undefined || positionals.length > 1) {
    console.error(`expected one file, found ${positionals.length}\n\n${HELP}`);
    return 2;
  }

  const results = checkRows(readRows(readFileSync(file, 'utf8')));
  const tallies = tally(results);
  const failures = results.flatMap(([row, result]) =>
    result.outcome === 'failed'
      ? [{ id: row.id, kind: row.kind, group: row.group, reason: result.reason }]
      : [],
  );
  if (values.json) console.log(JSON.stringify({ totals: total(tallies), tallies, failures }, null, 2));
  else print(tallies, failures);
  return failures.length > 0 ? 1 : 0;
}

function tally(results: readonly (readonly [Row, Outcome])[]): Tally[] {
  const tallies = new Map<string, Tally>();
  for (const [{ kind, group }, { outcome }] of results) {
    const key = `${kind} ${group}`;
    const entry = tallies.get(key) ?? { kind, group, passed: 0, failed: 0, unspecified: 0, policy: 0 };
    entry[outcome]++;
    tallies.set(key, entry);
  }
  return [...tallies.values()].sort((a, b) => `${a.kind} ${a.group}`.localeCompare(`${b.kind} ${b.group}`));
}

function total(tallies: readonly Tally[]): Omit<Tally, 'kind' | 'group'> {
  const sum = { passed: 0, failed: 0, unspecified: 0, policy: 0 };
  for (const entry of tallies) {
    for (const outcome of ['passed', 'failed', 'unspecified', 'policy'] as const) {
      sum[outcome] += entry[outcome];
    }
  }
  return sum;
}

function print(tallies: readonly Tally[], failures: readonly { id: string; reason: string }[]): void {
  const row = (cells: readonly (string | number)[]) =>
    cells.map((cell, i) => (i < 2 ? String(cell).padEnd(9) : String(cell).padStart(12))).join('');
  console.log(row(['kind', 'group', 'passed', 'failed', 'unspecified', 'policy']));
  for (const t of tallies) console.log(row([t.kind, t.group, t.passed, t.failed, t.unspecified, t.policy]));
  const sum = total(tallies);
  console.log(row(['total', '', sum.passed, sum.failed, sum.unspecified, sum.policy]));
  console.log('unspecified: the row names no fields. policy: peers differ, so nothing binds.');
  for (const { id, reason } of failures) console.log(`\n${id}: ${reason}`);
}
