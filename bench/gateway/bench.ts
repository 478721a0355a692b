import { parseArgs } from 'node:util';
import { onStage } from '../end-to-end/stage/on-stage.ts';
import { wholeNumber } from '../whole-number.ts';
import { Applications } from './applications.ts';
import { costOf, runCases } from './cases.ts';
import { DEFINITIONS, headLine, type Row, tableLine } from './row.ts';
import { openToAll } from './shop.ts';

export const HELP = `npm run bench -- gateway [options]

Starts the real system, offers purchases of terminals, payments of applications over the gateway, and both at once, at a
steady rate; waits until their follow-ups are done, compares the books, and says what the gateway costs over ISO 8583.

  --rate N       payments a second of each kind       (500)
  --seconds N    how long each case is offered        (20)
  --quick        20/s for 2 s, hardly warmed up
  --json         one JSON row a line instead of a table

Exit code 1 where any book differs from another, or follow-ups do not come to an end.

Example: npm run bench -- gateway --rate 200 --seconds 5

${DEFINITIONS}`;
export const takesOptions = true;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  rate: { type: 'string' },
  seconds: { type: 'string' },
} as const;

const TERMINALS = 10;
const MOST_RATE = 5_000;
const MOST_SECONDS = 600;

/** `npm run bench -- gateway`: what a payment over HTTP costs, alone and beside terminals. See `--help`. */
export async function run({ args = [] }: { args?: readonly string[] }): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
  const { json, quick } = values;
  const rate = wholeNumber('rate', values.rate ?? (quick ? '20' : '500'), MOST_RATE);
  const seconds = wholeNumber('seconds', values.seconds ?? (quick ? '2' : '20'), MOST_SECONDS);
  const say = (line: string) => void process.stderr.write(`  ${line}\n`);
  const rows: Row[] = [];

  const applications = new Applications();
  try {
    const order = { terminals: TERMINALS, blockMs: quick ? 200 : 2_000, say, settings: openToAll };
    await onStage(order, async (means) => {
      if (!json) console.log(headLine());
      for await (const row of runCases(
        { rate, seconds, terminals: TERMINALS, isQuick: quick },
        means,
        applications,
      )) {
        rows.push(row);
        console.log(json ? JSON.stringify(row) : tableLine(row));
        for (const difference of row.differences) say(`✗ ${row.case}: ${difference}`);
      }
    });
  } finally {
    applications.stop();
  }

  const cost = costOf(rows);
  if (json) console.log(JSON.stringify({ case: 'cost over ISO 8583', ...cost }));
  else console.log(`\n${cost.told}\n\n${DEFINITIONS}`);
  if (rows.some(({ differences }) => differences.length > 0)) process.exitCode = 1;
}
