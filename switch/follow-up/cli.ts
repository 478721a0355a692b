import { Command, InvalidArgumentError } from 'commander';
import { createLog, type Log } from '../../runtime/index.ts';
import { atDatabase, commandDatabase } from '../config/command-settings.ts';
import { type ParkedFilter, type ParkedFollowUp, ParkedFollowUps, type ParkedGroup } from './queue-parked.ts';

// After an outage of hours there may be thousands of parked follow-ups, and whoever repaired the counterpart has one
// thing to say: try them all again. The admin API replays them one by one, for whoever looks at a single payment.

interface Shared extends ParkedFilter {
  settings?: string;
  json?: boolean;
}

interface ReplayOptions extends Shared {
  all?: boolean;
  transaction?: string;
  apart: number;
  by: string;
  why?: string;
}

/** How far apart replayed follow-ups begin: two hundred in a second. */
const APART_MS = 5;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `etika-switch parked`: what nobody works on until people have looked, and trying it again. */
export function parkedCommand(): Command {
  return new Command('parked')
    .description(
      'Follow-ups that were parked: refused for good, or tried to their last attempt. docs/fallback.md says what to do about each.',
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(replayCommand());
}

function listCommand(): Command {
  return filtered(new Command('list'))
    .description('how much is parked, by lane, task and reason')
    .action((options: Shared) =>
      withParked(options, async (parked) => {
        const groups = await parked.groups(options);
        console.log(options.json ? JSON.stringify(groups) : printGroups(groups));
      }),
    );
}

function showCommand(): Command {
  return filtered(new Command('show'))
    .description('each parked follow-up, the oldest first, at most 500')
    .option('--after <position>', 'only those behind this position', wholeNumber, 0)
    .action((options: Shared & { after: number }) =>
      withParked(options, async (parked) => {
        const found = await parked.list(options.after, options);
        console.log(options.json ? JSON.stringify(found) : found.map(printParked).join('\n') || NOTHING);
      }),
    );
}

function replayCommand(): Command {
  return filtered(new Command('replay'))
    .description(
      'queues what is parked again, and what is parked behind it: all of it, or what fits. Attempts are counted anew',
    )
    .option('--all', 'whatever is parked; needed where nothing else says which')
    .option('--transaction <id>', 'all that is parked of one transaction', transactionId)
    .option('--apart <ms>', 'so long after each other they begin', wholeNumber, APART_MS)
    .requiredOption('--by <name>', 'who says so')
    .option('--why <text>', 'for the log')
    .action((options: ReplayOptions) =>
      withParked(options, async (parked, log) => {
        const queued = await replayed(parked, options);
        const { lane, task, reason, transaction, by, why } = options;
        log.warn({ event: 'parked.replayed', queued, lane, task, reason, transaction, by, why });
        const told = queued === 0 ? `${queued} queued again: ${NOTHING_FITS}` : `${queued} queued again`;
        console.log(options.json ? JSON.stringify({ queued }) : told);
      }),
    );
}

function replayed(parked: ParkedFollowUps, options: ReplayOptions): Promise<number> {
  const { all, transaction, lane, task, reason, apart } = options;
  const isFiltered = [lane, task, reason].some((part) => part !== undefined);
  if (transaction !== undefined) {
    if (isFiltered || all) throw new Error('--transaction is all that may be given beside --by and --why');
    return parked.replayTransaction(transaction);
  }
  if (!isFiltered && !all) throw new Error('say which: --lane, --task, --reason, --transaction, or --all');
  return parked.replayAll(options, apart);
}

const NOTHING = 'nothing is parked';
const NOTHING_FITS =
  'nothing that is parked fits, or somebody has replayed it; parked list shows what there is';

function printGroups(groups: readonly ParkedGroup[]): string {
  if (groups.length === 0) return NOTHING;
  return groups
    .map(({ count, lane, task, reason, oldestAt }) => {
      const since = oldestAt.toISOString().slice(0, 19);
      return `${String(count).padStart(7)}  ${lane.padEnd(20)} ${task.padEnd(16)} since ${since}  ${reason}`;
    })
    .join('\n');
}

function printParked({
  position,
  transaction,
  lane,
  task,
  attempt,
  reason,
  parkedAt,
}: ParkedFollowUp): string {
  const at = parkedAt.toISOString().slice(0, 19);
  return `${String(position).padStart(9)}  ${at}  ${transaction}  ${lane} ${task}, attempt ${attempt}: ${reason}`;
}

function filtered(command: Command): Command {
  const some = command
    .option('--lane <lane>', 'only of this lane: network/visa, pop …')
    .option('--task <task>', 'only of this task: reverse-network, complete-pop …')
    .option('--reason <text>', 'only where the reason contains this');
  return atDatabase(some);
}

async function withParked(
  { settings }: Shared,
  work: (parked: ParkedFollowUps, log: Log) => Promise<void>,
): Promise<void> {
  const log = createLog('parked');
  const parked = new ParkedFollowUps(commandDatabase(settings), log);
  try {
    await work(parked, log);
  } finally {
    await parked.close();
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

function transactionId(text: string): string {
  if (!UUID.test(text)) throw new InvalidArgumentError('Expected the id of a transaction: a UUID.');
  return text;
}
