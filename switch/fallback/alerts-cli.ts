import { Command, InvalidArgumentError } from 'commander';
import { createLog } from '../../runtime/index.ts';
import { atDatabase, commandDatabase } from '../config/command-settings.ts';
import type { RaisedAlert } from './alerts.ts';
import { PostgresFallbackRecords } from './postgres-records.ts';

interface Shared {
  readonly settings?: string;
  readonly json?: boolean;
}

/** `etika-switch alerts`: what people must know of now, what was, and who looks after it. */
export function alertsCommand(): Command {
  return new Command('alerts')
    .description(
      'What people must know of: since when, how often, how much money, what to do; and who looks after it.',
    )
    .addCommand(listCommand())
    .addCommand(acknowledgeCommand())
    .addCommand(closeCommand());
}

function listCommand(): Command {
  return atDatabase(new Command('list'))
    .description('what is open, the latest first, 100 at most')
    .option('--all', 'what is closed as well')
    .option('--before <position>', 'only those before this position', wholeNumber)
    .action((options: Shared & { all?: boolean; before?: number }) =>
      withRecords(options, async (records) => {
        const alerts = await records.list(options.before, options.all !== true);
        if (options.json) console.log(JSON.stringify({ alerts }));
        else console.log(alerts.length > 0 ? alerts.map(told).join('\n') : 'no alert is open');
      }),
    );
}

function acknowledgeCommand(): Command {
  return atDatabase(new Command('acknowledge'))
    .description('says that somebody looks after an alert. It stays open until what it tells of is over')
    .argument('<position>', 'as the list has it', wholeNumber)
    .requiredOption('--by <name>', 'who does')
    .option('--why <text>', 'what is being done', '')
    .action((position: number, options: Shared & { by: string; why: string }) =>
      withRecords(options, async (records) => {
        if (!(await records.acknowledge(position, options.by, options.why))) {
          throw new Error(`there is no alert at position ${position}`);
        }
        console.log(
          options.json ? JSON.stringify({ acknowledged: position }) : `acknowledged by ${options.by}`,
        );
      }),
    );
}

function closeCommand(): Command {
  return atDatabase(new Command('close'))
    .description('says that what an alert tells of is over, where it does not close by itself')
    .argument('<position>', 'as the list has it', wholeNumber)
    .requiredOption('--by <name>', 'who says so')
    .requiredOption('--why <text>', 'what was found')
    .action((position: number, options: Shared & { by: string; why: string }) =>
      withRecords(options, async (records) => {
        if (!(await records.closeByHand(position, options.by, options.why))) {
          throw new Error(`no open alert is at position ${position}`);
        }
        console.log(options.json ? JSON.stringify({ closed: position }) : `closed by ${options.by}`);
      }),
    );
}

function told(alert: RaisedAlert): string {
  const { position, kind, subject, summary, raisedAt, closedAt, closedBy, count, amounts, action } = alert;
  const money = amounts.map(({ currency, minorUnits }) => `${minorUnits} minor units of ${currency}`);
  const times = count > 1 ? `, ${count} times, last ${time(alert.lastAt)}` : '';
  const end = closedAt ? `closed ${time(closedAt)}: ${closedBy}` : 'open';
  const { acknowledgedBy, note } = alert;
  const lines = [
    `${String(position).padStart(6)}  ${kind}  ${subject}: ${summary}`,
    `        since ${time(raisedAt)}${times}; ${end}`,
    ...(money.length > 0 ? [`        about ${money.join(', ')}`] : []),
    ...(alert.transaction === undefined ? [] : [`        payment ${alert.transaction}`]),
    ...(acknowledgedBy === undefined
      ? []
      : [`        ${acknowledgedBy} looks after it${note ? `: ${note}` : ''}`]),
    ...(closedAt ? [] : [`        ${action}`]),
  ];
  return lines.join('\n');
}

function time(at: Date): string {
  return at.toISOString().slice(0, 19);
}

async function withRecords(
  { settings }: Shared,
  work: (records: PostgresFallbackRecords) => Promise<void>,
): Promise<void> {
  const records = new PostgresFallbackRecords(commandDatabase(settings), createLog('alerts'));
  try {
    await work(records);
  } finally {
    await records.close();
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}
