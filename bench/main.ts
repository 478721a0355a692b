/**
 * `npm run bench [-- NAME …] [--json]`: runs `bench/NAME/bench.ts`, all of them where none is named. Each exports
 * `run({ json })` and prints ratios against a peer or a bare floor measured in the same run.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { assertPinnedNode } from '../deploy/assert-node.ts';

/** What a `bench.ts` exports. */
export interface Bench {
  /** Prints a table, or one JSON row per line; resolves when the measurement is over. */
  run(options: { json: boolean }): Promise<void>;
}

const known = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(entry.parentPath, entry.name, 'bench.ts')))
  .map(({ name }) => name);

assertPinnedNode();
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const options = { json: { type: 'boolean' as const, default: false } };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no such benchmark: ${unknown.join(', ')}. There are: ${known.join(', ')}`);
    return 1;
  }
  for (const name of positionals.length > 0 ? positionals : known) {
    if (!values.json) console.log(`\n== ${name}`);
    const { run } = (await import(join(import.meta.dirname, name, 'bench.ts'))) as Bench;
    await run({ json: values.json });
  }
  return 0;
}
