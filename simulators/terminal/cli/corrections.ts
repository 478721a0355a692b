import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { SimulatorError } from '../../errors.ts';
import type { RecordedTransaction } from '../batch.ts';
import { minorUnits } from '../money.ts';
import type { Terminal } from '../terminal.ts';
import {
  amountOption,
  approvalOption,
  type CommonOptions,
  cardOptions,
  commonOptions,
  expectOption,
  type OrderOptions,
  orderOf,
  report,
  rrnOption,
  stanOption,
  wholeNumber,
  withTerminal,
} from './options.ts';

interface Which extends CommonOptions {
  rrn?: string;
  stan?: string;
}

export function incrementCommand(): Command {
  const command = amountOption(cardOptions(commonOptions(new Command('increment')))).description(
    'Asks for an amount more of a pre-authorisation (0100, DE25 06, DE37 and DE38 of the original).',
  );
  rrnOption(command, "DE37 of the pre-authorisation; default: this terminal's latest");
  approvalOption(command, 'DE38 of the pre-authorisation; default: by the records');
  return expectOption(command).action((options: OrderOptions) =>
    withTerminal(options, async (terminal) => {
      report(await terminal.increment(await held(terminal, options), orderOf(options)), options);
    }),
  );
}

/** The pre-authorisation that is meant, by the records or as it was named. */
async function held(terminal: Terminal, options: OrderOptions) {
  const found = await find(
    terminal,
    options,
    ({ service, state }) => service === 'preauth' && state === 'stands',
  );
  const original = found ?? named(options, 'pre-authorisation');
  const { approval: approvalCode } = options;
  return { ...original, ...(approvalCode === undefined ? {} : { approvalCode }) };
}

export function completeCommand(): Command {
  const command = amountOption(cardOptions(commonOptions(new Command('complete')))).description(
    'Captures an amount of a pre-authorisation (0220, DE25 06, DE37 and DE38 of the original).',
  );
  rrnOption(command, "DE37 of the pre-authorisation; default: this terminal's latest");
  approvalOption(command, 'DE38 of the pre-authorisation; default: by the records');
  return expectOption(command).action((options: OrderOptions) =>
    withTerminal(options, async (terminal) => {
      report(await terminal.complete(await held(terminal, options), orderOf(options)), options);
    }),
  );
}

export function voidCommand(): Command {
  const command = commonOptions(new Command('void')).description(
    'Takes an approved transaction back (0200, processing code 02, DE37 of the original).',
  );
  rrnOption(command, "DE37 of the transaction; default: this terminal's latest that stands");
  stanOption(command, 'DE11 of the transaction, instead of its DE37');
  return expectOption(command).action((options: Which) =>
    withTerminal(options, async (terminal) => {
      const found = await find(
        terminal,
        options,
        ({ state, service }) => state === 'stands' && service !== 'increment',
      );
      const unknown = { amount: 0, currency: '978' };
      report(
        await terminal.void(found ?? { ...unknown, ...named(options, 'approved transaction') }),
        options,
      );
    }),
  );
}

export function reversalCommand(): Command {
  const command = commonOptions(new Command('reversal')).description(
    'Reverses a transaction of the records (0400 with DE90), whether or not it was answered.',
  );
  rrnOption(command, "DE37 of the transaction; default: this terminal's latest");
  stanOption(command, 'DE11 of the transaction');
  return expectOption(command)
    .option('--remaining <amount>', 'a partial reversal: what stays, in major units (DE95)')
    .option(
      '--attempts <count>',
      'tries until it is acknowledged; repeats are 0401',
      wholeNumber(1, 1_000),
      1,
    )
    .option('--every <ms>', 'between two tries', wholeNumber(1, 600_000), 1_000)
    .action((options: Which & { remaining?: string; attempts: number; every: number }) =>
      withTerminal(options, async (terminal) => {
        const found = await find(terminal, options, ({ state }) => state === 'open' || state === 'stands');
        if (!found) throw nothingLike(options, 'transaction to reverse');
        const { remaining } = options;
        const left =
          remaining === undefined ? undefined : minorUnits(remaining, found.currency, '--remaining');
        let tried = await terminal.reverse(found, left);
        for (let attempt = 1; attempt < options.attempts && !tried.approved; attempt += 1) {
          await pause(options.every);
          tried = await terminal.reverse(found, left, { stan: tried.stan });
        }
        report(tried, options);
      }),
    );
}

/** The latest recorded transaction that fits and is the one that was named, if one was. */
async function find(
  terminal: Terminal,
  { rrn, stan }: { rrn?: string; stan?: string },
  fits: (transaction: RecordedTransaction) => boolean,
): Promise<RecordedTransaction | undefined> {
  return (await terminal.transactions()).findLast(
    (transaction) =>
      fits(transaction) &&
      (rrn === undefined || transaction.rrn === rrn) &&
      (stan === undefined || transaction.stan === stan),
  );
}

/** What the records do not have can still be named by its DE37. */
function named({ rrn, terminal }: Which, wanted: string): { rrn: string } {
  if (rrn === undefined) throw nothingLike({ terminal }, wanted);
  return { rrn };
}

function nothingLike({ terminal }: Pick<Which, 'terminal'>, wanted: string): SimulatorError {
  return new SimulatorError('SIM_TERMINAL_ORIGINAL', { terminal, wanted });
}
