import { scheduler } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { createLog, DAY_MS, systemClock } from '../../runtime/index.ts';
import { moment } from '../config/command-moment.ts';
import { commandDatabase } from '../config/command-settings.ts';
import { minorUnitDigits } from '../config/currency.ts';
import {
  type FoundTransaction,
  LONGEST_SEARCH_MS,
  MAX_FOUND,
  TransactionFinder,
  type TransactionSearch,
} from './find-transactions.ts';

interface FindOptions {
  readonly rrn?: string;
  readonly stan?: string;
  readonly terminal?: string;
  readonly merchant?: string;
  readonly last4?: string;
  readonly amount?: string;
  readonly currency: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly settings?: string;
  readonly json?: boolean;
}

const CATCH_UP_MS = 5_000;
const NOTHING = {
  whole: 'nothing is found',
  behind:
    'nothing is found, but the projection has not read the whole journal: ask again in a moment. Where it stays so, ' +
    'look whether a worker lives (npx etika-switch settings list)',
};

/** `etika-switch find`: payments by what whoever calls has at hand. */
export function findCommand(): Command {
  return new Command('find')
    .description(
      'Finds payments by what is on a receipt, in a complaint or in a log; what is not said may be anything. Looks at the ' +
        'last day unless --since says otherwise; by --rrn however long ago. Exits 1 where nothing is found.',
    )
    .option(
      '--rrn <rrn>',
      "retrieval reference, the terminal's or the network's",
      matching(/^[0-9A-Za-z ]{1,12}$/, 'one to twelve letters and digits'),
    )
    .option('--stan <stan>', 'DE11 of the terminal', matching(/^\d{1,6}$/, 'one to six digits'))
    .option('--terminal <id>', 'DE41', matching(/^[\x20-\x7e]{1,8}$/, 'one to eight characters'))
    .option('--merchant <id>', 'DE42', matching(/^[\x20-\x7e]{1,15}$/, 'one to fifteen characters'))
    .option('--last4 <digits>', "the card's last four digits", matching(/^\d{4}$/, 'four digits'))
    .option(
      '--amount <amount>',
      'in major units, as asked for or as approved: 25.00',
      matching(/^\d{1,12}(\.\d{1,4})?$/, 'an amount like 25.00'),
    )
    .option(
      '--currency <code>',
      'of the amount: ISO 4217, numeric',
      matching(/^\d{3}$/, 'three digits, as 978'),
      '978',
    )
    .option(
      '--since <time>',
      'RFC 3339 (2026-11-30T03:00:00Z), or so long ago: 30m, 6h, 2d; default: 1d',
      moment,
    )
    .option('--until <time>', 'the same; default: now', moment)
    .option('--limit <count>', `the latest so many, ${MAX_FOUND} at most`, count, 20)
    .option(
      '--settings <file>',
      'settings of a switch node, for its database; absent: DATABASE_URL, else what `npm start` has written',
    )
    .option('--json', 'one JSON object')
    .action(find);
}

async function find(options: FindOptions): Promise<void> {
  const { rrn, stan, terminal, merchant, last4, limit } = options;
  const now = systemClock.wall();
  const { until = now, since = until - DAY_MS } = options;
  if (since >= until) throw new Error('--since must lie before --until');
  if (rrn === undefined && until - since > LONGEST_SEARCH_MS) {
    throw new Error(`without --rrn no more than ${LONGEST_SEARCH_MS / DAY_MS} days are looked at at once`);
  }

  const amount = minorUnitsOf(options);
  const finder = new TransactionFinder(commandDatabase(options.settings), createLog('find'));
  try {
    const who = { stan: stan?.padStart(6, '0'), terminal, merchant, last4 };
    const money = amount === undefined ? {} : { amount, currency: options.currency };
    const search = { rrn, ...who, ...money, since, until, limit };
    const { found, isWhole } = await findInTime(finder, search);
    if (options.json) console.log(JSON.stringify({ transactions: found, isWhole }));
    else console.log(found.length > 0 ? found.map(told).join('\n') : NOTHING[isWhole ? 'whole' : 'behind']);
    if (found.length === 0) process.exitCode = 1;
  } finally {
    await finder.close();
  }
}

/** What is not found may not be projected yet, as after `recon rebuild`: it is looked for again once it is. */
async function findInTime(finder: TransactionFinder, search: TransactionSearch) {
  const found = await finder.find(search);
  if (found.length > 0) return { found, isWhole: true };
  const isWhole = await whileAwake(() => finder.catchUp(systemClock, CATCH_UP_MS));
  return { found: await finder.find(search), isWhole };
}

/** The clock's timers keep no process alive: a command that waits by them alone would end in the midst of it. */
async function whileAwake<T>(wait: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const awake = scheduler.wait(2 * CATCH_UP_MS, { signal: over.signal }).catch(() => {});
  try {
    return await wait();
  } finally {
    over.abort();
    await awake;
  }
}

function minorUnitsOf({ amount, currency }: FindOptions): number | undefined {
  if (amount === undefined) return undefined;
  const digits = minorUnitDigits(currency);
  const [whole = '', part = ''] = amount.split('.');
  if (digits === undefined) throw new Error(`--currency: ${currency} is not a currency of ISO 4217`);
  if (part.length > digits) throw new Error(`--amount: currency ${currency} has ${digits} decimals`);
  return Number(`${whole}${part.padEnd(digits, '0')}`);
}

function told(found: FoundTransaction): string {
  const { id, at, kind, state, terminal, merchant, stan, rrn, maskedPan, currency, code, cases } = found;
  const answer =
    code === null ? 'undecided' : `${code}${found.approvalCode === null ? '' : ` ${found.approvalCode}`}`;
  const opened = cases.length > 0 ? `\n    cases: ${cases.join(', ')}` : '';
  return (
    `${at}  ${kind} ${major(found.asked, currency)} ${currency}  ${answer}  ${state}\n` +
    `    ${terminal} of ${merchant}, ${maskedPan}, STAN ${stan}, RRN ${rrn}` +
    `${found.networkRrn === '' || found.networkRrn === rrn ? '' : `, towards the network ${found.networkRrn}`}\n` +
    `    ${found.network} ${found.networkState}, PoP ${found.popState}, stands ${major(found.standing, currency)}; ${id}` +
    opened
  );
}

function major(minorUnits: number, currency: string): string {
  const digits = minorUnitDigits(currency) ?? 0;
  return (minorUnits / 10 ** digits).toFixed(digits);
}

function count(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= MAX_FOUND) return value;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${MAX_FOUND}.`);
}

function matching(pattern: RegExp, expected: string) {
  return (text: string): string => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}
