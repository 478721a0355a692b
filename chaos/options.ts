import { Command, InvalidArgumentError } from 'commander';
import { VERSION } from '../runtime/index.ts';
import type { Fault } from './fault.ts';

export interface Options {
  readonly short: boolean;
  /** Empty: all. */
  readonly only: readonly string[];
  readonly seed: number;
  /** Purchases a second. */
  readonly rate: number;
  readonly json: boolean;
  readonly list: boolean;
  /** Where the logs of all processes are left; absent: nowhere. */
  readonly logs?: string;
}

const MAX_NUMBER = 1_000_000;
const MAX_RATE = 200;
const DEFAULT_RATE = 20;
const BAD_USE = 2;

/** Ends the process where there is help to print or something makes no sense. */
export function readOptions(argv: readonly string[], faults: readonly Fault[]): Options {
  const names = faults.map(({ name, what }) => `  ${name.padEnd(18)} ${what}`).join('\n');
  return new Command('npm run chaos --')
    .description(
      'Starts the whole system, lets purchases flow, breaks one part after the other, and looks whether anything was ' +
        'late, lost, or not told. Exits 0 only where nothing was.',
    )
    .version(VERSION, '--version', 'print the release')
    .option('--short', 'each fault as short as it shows; under three minutes', false)
    .option('--only <names...>', 'these faults and no others', namesOf(faults), [])
    .option('--seed <s>', 'another order of the faults, and other cards', wholeNumber(MAX_NUMBER), 0)
    .option('--rate <n>', 'purchases a second', wholeNumber(MAX_RATE), DEFAULT_RATE)
    .option('--json', 'a line of JSON for each fault, and one for the books', false)
    .option('--logs <folder>', 'leave the logs of all processes there')
    .option('--list', 'only list the faults', false)
    .addHelpText(
      'after',
      `\nFaults:\n${names}\n\nExample: npm run chaos -- --short --only hsm-hung network-cut`,
    )
    .allowExcessArguments(false)
    .exitOverride((problem) => process.exit(problem.exitCode === 0 ? 0 : BAD_USE))
    .parse(argv)
    .opts<Options>();
}

function namesOf(faults: readonly Fault[]) {
  return (name: string, before: readonly string[]) => {
    if (faults.some((each) => each.name === name)) return [...before, name];
    throw new InvalidArgumentError(`There is: ${faults.map((each) => each.name).join(', ')}.`);
  };
}

function wholeNumber(most: number) {
  return (text: string) => {
    const value = Number(text);
    if (text !== '' && Number.isInteger(value) && value >= 0 && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${most}.`);
  };
}
