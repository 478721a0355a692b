import { Command } from 'commander';
import { keyDownloadJson, keyDownloadTable, settlementJson, settlementTable } from '../show.ts';
import {
  type CommonOptions,
  commonOptions,
  currencyOption,
  expectOption,
  report,
  withTerminal,
} from './options.ts';

const SIGN_ON = '001';
const SIGN_OFF = '002';

export function settleCommand(): Command {
  return currencyOption(commonOptions(new Command('settle')))
    .description(
      'Settles the open batch of the records (0500); uploads it (0320) where the totals differ (95). ' +
        'Exits 0 only when the batch is settled.',
    )
    .action((options: CommonOptions & { currency: string }) =>
      withTerminal(options, async (terminal) => {
        const settlement = await terminal.settle(options.currency);
        console.log(options.json ? settlementJson(settlement) : settlementTable(settlement));
        if (!settlement.settled) process.exitCode = 1;
      }),
    );
}

export function logonCommand(): Command {
  return expectOption(commonOptions(new Command('logon')))
    .description('Signs the terminal on (0800, DE70 001), or off.')
    .option('--off', 'sign off instead (DE70 002)')
    .action((options: CommonOptions & { off?: boolean }) =>
      withTerminal(options, async (terminal) =>
        report(await terminal.network(options.off ? SIGN_OFF : SIGN_ON), options),
      ),
    );
}

export function keysCommand(): Command {
  return commonOptions(new Command('keys'))
    .description(
      'Gets new PIN and MAC keys under the terminal master key (0800), installs and confirms them. ' +
        'Later runs with the same records use them. Exits 0 only when they are installed.',
    )
    .option('--no-confirm', 'send no confirmation: the next message under the new keys is one')
    .action((options: CommonOptions & { confirm: boolean }) =>
      withTerminal(options, async (terminal) => {
        const download = await terminal.downloadKeys(options.confirm);
        console.log(options.json ? keyDownloadJson(download) : keyDownloadTable(download));
        if (!download.installed) process.exitCode = 1;
      }),
    );
}

export function echoCommand(): Command {
  return expectOption(commonOptions(new Command('echo')))
    .description('Sends an echo test (0800, DE70 301).')
    .action((options: CommonOptions) =>
      withTerminal(options, async (terminal) => report(await terminal.echo(), options)),
    );
}
