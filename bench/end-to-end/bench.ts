import { facts } from '../results/facts.ts';
import { saveResult } from '../results/save.ts';
import { runCases } from './cases.ts';
import { Generator } from './generator/generator.ts';
import { HELP, readOptions } from './options.ts';
import { DEFINITIONS, headLine, type Row, tableLine } from './row.ts';
import { Stage } from './stage/stage.ts';

/** `npm run bench -- end-to-end`: what a purchase costs in the real system, follow-ups included. See `--help`. */
export async function run({ args = [] }: { args?: readonly string[] }): Promise<void> {
  const options = readOptions(args);
  if (options.help) {
    console.log(`${HELP}\n${DEFINITIONS}`);
    return;
  }
  const say = (line: string) => void process.stderr.write(`  ${line}\n`);
  const machine = facts();
  const rows: Row[] = [];
  const print = (row: Row) => {
    rows.push(row);
    console.log(options.json ? JSON.stringify(row) : tableLine(row));
    for (const difference of row.differences) say(`✗ ${row.case}: ${difference}`);
  };

  const stage = new Stage();
  const generator = new Generator();
  try {
    await stage.start({ terminals: Math.max(...options.terminals), blockMs: options.blockMs, say });
    if (!options.json) console.log(headLine());
    for await (const row of runCases(options, { stage, generator, say })) print(row);
    const { rows: versions } = await stage.database.query<{ version: string }>('show server_version');
    if (options.save) {
      const file = saveResult({ ...machine, postgres: versions[0]?.version ?? '', args: [...args], rows });
      say(`kept in ${file}`);
    }
  } finally {
    generator.stop();
    await stage.stop();
  }
  if (!options.json) console.log(DEFINITIONS);
  if (rows.some(({ differences }) => differences.length > 0)) process.exitCode = 1;
}
