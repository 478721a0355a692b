/**
 * `npm run chaos`: purchases flow through the whole system while its parts are stopped, cut, killed and flooded, one
 * after the other. Exits 0 where no reply was late, nothing was lost and every outage was told once and closed again, 1
 * where anything was not so, 2 where it was called with something that makes no sense.
 */
import { assertPinnedNode } from '../deploy/assert-node.ts';
import { explain } from '../runtime/index.ts';
import type { BooksRow } from './books.ts';
import { FAULTS, WAVES } from './faults.ts';
import { type Options, readOptions } from './options.ts';
import { DEFINITIONS, headLine, type Row, tableLine } from './row.ts';
import { run } from './run.ts';

// Nobody reads on: everything is taken down, as at Ctrl-C.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => process.emit('SIGTERM', 'SIGTERM'));
}
process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  assertPinnedNode();
  const options = readOptions(argv, FAULTS);
  if (options.list) {
    for (const { name, what } of FAULTS) {
      console.log(options.json ? JSON.stringify({ name, what }) : `${name}: ${what}`);
    }
    return 0;
  }
  try {
    return await chaos(options);
  } catch (error) {
    console.error(`npm run chaos: ${explain(error)}`);
    return 1;
  }
}

async function chaos({ json, logs, only, rate, seed, short }: Options): Promise<number> {
  let problems = 0;
  const say = (line: string) => void process.stderr.write(`  ${line}\n`);
  const onRow = (row: Row | BooksRow) => {
    if (json) console.log(JSON.stringify(row));
    else console.log(row.fault === 'books' ? booksLine(row as BooksRow) : tableLine(row as Row));
    for (const problem of row.problems) say(`✗ ${row.fault}: ${problem}`);
    problems += row.problems.length;
  };

  if (!json) console.log(headLine());
  await run({ waves: wavesOf(only, seed), isShort: short, rate, seed, logs, say, onRow });
  if (!json) console.log(DEFINITIONS);
  return problems === 0 ? 0 : 1;
}

/** Those that were asked for, in the order that the seed begins at. */
function wavesOf(only: readonly string[], seed: number) {
  const from = seed % WAVES.length;
  return [...WAVES.slice(from), ...WAVES.slice(0, from)]
    .map((wave) => wave.filter(({ name }) => only.length === 0 || only.includes(name)))
    .filter((wave) => wave.length > 0);
}

function booksLine({ journalled, lost, problems, proofsThatStand, purchases }: BooksRow): string {
  const mark = problems.length === 0 ? '✓' : '✗';
  const stand = proofsThatStand > 0 ? `, ${proofsThatStand} proofs stand and are cases` : '';
  return `${mark} books: ${purchases} purchases, ${journalled} in the journal, ${lost} lost${stand}`;
}
