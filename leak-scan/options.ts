import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { VERSION } from '../runtime/index.ts';

export interface Options {
  readonly short: boolean;
  readonly json: boolean;
  readonly allowed: boolean;
  readonly known: boolean;
  readonly seed: string;
}

const BAD_USE = 2;
const SEED_BYTES = 8;

/** Ends the process where there is help to print or something makes no sense. */
export function readOptions(argv: readonly string[]): Options {
  return new Command('npm run leak-scan --')
    .description(
      'Starts the whole system at debug level, sends cards, PINs, tracks, verification values and keys through all of its ' +
        'channels, and searches everything that it leaves behind: logs, files, database, answers, memory. Exits 0 only ' +
        'where none of them is where it must not be, and the search found everything that was planted for it.',
    )
    .version(VERSION, '--version', 'print the release')
    .option('--short', 'one round of messages instead of five, and fewer commands', false)
    .option('--json', 'one JSON object instead of tables; progress stays on standard error', false)
    .option('--known', 'exit 0 also where something was found that docs/leak-scan.md names as known', false)
    .option('--allowed', 'print what may be where, and why, and do nothing else', false)
    .option('--seed <text>', 'the same cards as another run', randomBytes(SEED_BYTES).toString('hex'))
    .addHelpText('after', '\nExample: npm run leak-scan -- --short')
    .allowExcessArguments(false)
    .exitOverride((problem) => process.exit(problem.exitCode === 0 ? 0 : BAD_USE))
    .parse(argv)
    .opts<Options>();
}
