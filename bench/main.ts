/**
 * `npm run bench [-- NAME …] [--json]`: runs `bench/NAME/bench.ts`, all of them where none is named. Each exports
 * `run({ json })` and prints ratios against a peer or a bare floor measured in the same run. A single one may be given
 * options of its own; `compare` and `profile` are commands beside them.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { assertPinnedNode } from '../deploy/assert-node.ts';
import { runTool } from '../runtime/index.ts';
import { PROFILE_HELP, profile } from './profile/profile.ts';
import { COMPARE_HELP, compareResults } from './results/compare.ts';

/** What a `bench.ts` exports. */
export interface Bench {
  /** What `--help` prints: what is measured, the options, an example. */
  readonly HELP: string;
  /** It reads options of its own; of the others only `--json` is taken. */
  readonly takesOptions?: boolean;
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
npm run bench -- --version              the release

Example: npm run bench -- end-to-end --rates 500 --terminals 10 --seconds 5`;

const COMMANDS: Readonly<Record<string, { help: string; run(words: Words): number | Promise<number> }>> = {
  compare: { help: COMPARE_HELP, run: ({ names }) => compareResults(names.slice(1)) },
  profile: { help: PROFILE_HELP, run: ({ options }) => profile(options) },
};

interface Words {
  readonly names: readonly string[];
  readonly options: readonly string[];
}

await runTool({ name: 'npm run bench --', args: process.argv.slice(2) }, main);

async function main(args: readonly string[]): Promise<number> {
  assertPinnedNode();
  const from = args.findIndex((arg) => arg.startsWith('-'));
  const names = from < 0 ? args : args.slice(0, from);
  const options = from < 0 ? [] : args.slice(from);
  const [first = ''] = names;
  const command = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  const unknown = command ? [] : names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`no such benchmark: ${unknown.join(', ')}. There are: ${known.join(', ')}`);
  }

  if (options.includes('--help')) {
    console.log(command?.help ?? (first === '' ? HELP : (await benchNamed(first)).HELP));
    return 0;
  }
  return command ? command.run({ names, options }) : measure({ names, options });
}

async function measure({ names, options }: Words): Promise<number> {
  const isOne = names.length === 1;
  for (const name of names.length > 0 ? names : known) {
    const { run, takesOptions } = await benchNamed(name);
    if (!isOne || !takesOptions) {
      parseArgs({ args: [...options], options: { json: { type: 'boolean' } }, allowPositionals: false });
    }
    const json = options.includes('--json');
    if (!json) console.log(`\n== ${name}`);
    await run({ json, ...(isOne && { args: options }) });
  }
  return Number(process.exitCode ?? 0);
}

async function benchNamed(name: string): Promise<Bench> {
  return (await import(join(import.meta.dirname, name, 'bench.ts'))) as Bench;
}
