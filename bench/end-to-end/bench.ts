import { facts } from '../results/facts.ts';
import { saveResult } from '../results/save.ts';
import { runCases } from './cases.ts';
import { OPTIONS_HELP, readOptions } from './options.ts';
import { DEFINITIONS, headLine, type Row, tableLine } from './row.ts';
import { onStage } from './stage/on-stage.ts';

export const HELP = `${OPTIONS_HELP}\n\n${DEFINITIONS}`;
export const takesOptions = true;

/** `npm run bench -- end-to-end`: what a purchase costs in the real system, follow-ups included. See `--help`. */
export async function run({ args = [] }: { args?: readonly string[] }): Promise<void> {
  const options = readOptions(args);
  const say = (line: string) => void process.stderr.write(`  ${line}\n`);
  const machine = facts();
  const rows: Row[] = [];
  const print = (row: Row) => {
    rows.push(row);
    console.log(options.json ? JSON.stringify(row) : tableLine(row));
    for (const difference of row.differences) say(`✗ ${row.case}: ${difference}`);
  };

  const order = { terminals: Math.max(...options.terminals), blockMs: options.blockMs, say };
  await onStage(order, async (means) => {
    const postgres = await means.stage.serverVersion();
    let file: string | undefined;
    if (!options.json) console.log(headLine());
    for await (const row of runCases(options, means)) {
      print(row);
      // After each: a run that is interrupted keeps what it has.
      if (options.save) file = saveResult({ ...machine, postgres, args: [...args], rows });
    }
    if (file) say(`kept in ${file}`);
  });
  if (!options.json) console.log(DEFINITIONS);
  if (rows.some(({ differences }) => differences.length > 0)) process.exitCode = 1;
}
