/**
 * `npm run bench [-- NAME …] [--json]`: runs `bench/NAME/bench.ts`, all of them where none is named. Each exports
 * `run({ json })` and prints ratios against a peer or a bare floor measured in the same run. A single one may be given
 * options of its own; `compare` and `profile` are commands beside them.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assertPinnedNode } from '../deploy/assert-node.ts';
import { isOptionError } from './option-error.ts';
import { PROFILE_HELP, profile } from './profile/profile.ts';
import { COMPARE_HELP, compareResults } from './results/compare.ts';

/** What a `bench.ts` exports. */
export interface Bench {
  /** Prints a table, or one JSON row per line; resolves when the measurement is over. */
  run(options: BenchOptions): Promise<void>;
}

export interface BenchOptions {
  readonly json: boolean;
  /** All that followed the name, where only one was named; --json is among it. */
  readonly args?: readonly string[];
}

const known = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(entry.parentPath, entry.name, 'bench.ts')))
  .map(({ name }) => name);

const HELP = `npm run bench -- [NAME …] [--json]      ${known.join(', ')}; all of them where none is named
npm run bench -- NAME --help            what one of them measures, and its options
npm run bench -- compare A B            two kept runs, row by row
npm run bench -- profile [--rate N]     where the processor's time goes

Example: npm run bench -- end-to-end --rates 500 --terminals 10 --seconds 5`;

assertPinnedNode();
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  if (!isOptionError(error)) throw error;
  console.error(error.message);
  return 1;
});

async function main(args: string[]): Promise<number> {
  const from = args.findIndex((arg) => arg.startsWith('-'));
  const names = from < 0 ? args : args.slice(0, from);
  const options = from < 0 ? [] : args.slice(from);
  const [first] = names;
  if (options.includes('--help') && first !== 'end-to-end') {
    console.log(first === 'compare' ? COMPARE_HELP : first === 'profile' ? PROFILE_HELP : HELP);
    return 0;
  }
  if (first === 'compare') return compareResults(names.slice(1));
  if (first === 'profile') return profile(options);

  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no such benchmark: ${unknown.join(', ')}. There are: ${known.join(', ')}`);
    return 1;
  }
  for (const name of names.length > 0 ? names : known) {
    const json = options.includes('--json');
    if (!json) console.log(`\n== ${name}`);
    const { run } = (await import(join(import.meta.dirname, name, 'bench.ts'))) as Bench;
    await run({ json, ...(names.length === 1 && { args: options }) });
  }
  return Number(process.exitCode ?? 0);
}
