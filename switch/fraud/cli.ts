import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { Value } from 'typebox/value';
import { createLog, DAY_MS, systemClock } from '../../runtime/index.ts';
import { moment } from '../config/command-moment.ts';
import { atDatabase, commandDatabase, commandSettings } from '../config/command-settings.ts';
import { minorUnitDigits } from '../config/currency.ts';
import { FraudSettings } from '../config/fraud.ts';
import { SettingsError, shapeOf } from '../config/read-settings.ts';
import { Backtest, type BacktestReport, type Tally } from './backtest.ts';
import { PostgresEntryLines } from './entry-lines.ts';
import { rulesOf } from './rules.ts';

interface Options {
  readonly settings?: string;
  readonly rules?: string;
  readonly json?: boolean;
}

interface BacktestOptions extends Options {
  readonly since?: number;
  readonly until?: number;
}

/** Entries that are read at once. */
const MOST_ENTRIES = 5_000;
const STATEMENT_MS = 60_000;

/** `etika-switch fraud`. */
export function fraudCommand(): Command {
  return new Command('fraud')
    .description('Rules of fraud: which hold, and what they would have found')
    .addCommand(
      withRules(atDatabase(new Command('backtest')))
        .description(
          'Judges what the journal has as rules would have judged it then, and shows beside it what became of it. ' +
            'Nothing is written. It reads every payment of the time, beside the traffic: take another hour than noon.',
        )
        .option('--since <time>', 'RFC 3339, or so long ago: 6h, 7d; default: 1d', moment)
        .option('--until <time>', 'the same; default: now', moment)
        .action(backtest),
    )
    .addCommand(
      withRules(new Command('rules'))
        .description('The rules that hold, with what each of them does')
        .option('--settings <file>', 'settings of a switch node; absent: what `npm start` has written')
        .option('--json', 'one JSON array')
        .action(showRules),
    );
}

function withRules(command: Command): Command {
  return command.option(
    '--rules <file>',
    'JSON of the setting `fraud`; absent: that of the settings, and without one what is built in',
  );
}

function showRules(options: Options): void {
  const rules = rulesOf(rulesFrom(options));
  if (options.json) {
    console.log(JSON.stringify(rules));
    return;
  }
  for (const { id, severity, action, description } of rules) {
    console.log(`${id}  ${severity}  ${action}  ${description}`);
  }
}

async function backtest(options: BacktestOptions): Promise<void> {
  const now = systemClock.wall();
  const { until = now, since = until - DAY_MS } = options;
  if (since >= until) throw new Error('--since must lie before --until');

  const settings = commandSettings(options.settings);
  const regions = new Map(settings?.merchants.map(({ id, region }) => [id.trimEnd(), region]));
  const placeOf = (merchant: string) => regions.get(merchant);
  const networks = settings?.networks ?? [];

  const test = new Backtest({ settings: rulesFrom(options), networks, placeOf });
  const lines = new PostgresEntryLines(commandDatabase(options.settings), createLog('fraud'), STATEMENT_MS);
  try {
    for await (const read of lines.between(since, until, MOST_ENTRIES)) test.take(read);
  } finally {
    await lines.close();
  }

  const report = test.report();
  console.log(options.json ? JSON.stringify(report) : told(report));
}

/** @throws SettingsError */
function rulesFrom({ rules, settings }: Options): FraudSettings {
  if (rules === undefined) return commandSettings(settings)?.fraud ?? { mode: 'monitor' };
  const value: unknown = JSON.parse(readFileSync(rules, 'utf8'));
  const problems = [...Value.Errors(FraudSettings, value)].map(({ instancePath, message }) => {
    const found = instancePath === '' ? value : Value.Pointer.Get(value as object, instancePath);
    return `${instancePath || '/'}: ${message}, found ${shapeOf(found)}`;
  });
  if (problems.length > 0) throw new SettingsError(rules, problems);
  return value as FraudSettings;
}

/** In a table for people; below it the rules of which nothing can be said. */
function told({ all, would, rules, untested }: BacktestReport): string {
  const rows = [
    ['', 'payments', 'approved', 'declined', 'approved money'],
    ['all', ...columns(all)],
    ...(['block', 'review', 'flag', 'monitor'] as const).map((did) => [
      `would ${did}`,
      ...columns(would[did]),
    ]),
    ...rules
      .filter(({ payments }) => payments > 0)
      .map((rule) => [`${rule.id} (${rule.action})`, ...columns(rule)]),
  ];
  const lines = tableOf(rows);

  const quiet = rules.filter(({ payments }) => payments === 0).map(({ id }) => id);
  if (quiet.length > 0) lines.push(`never fired: ${quiet.join(', ')}`);
  if (untested.length > 0) lines.push(`not in the journal, so not tested: ${untested.join(', ')}`);
  return lines.join('\n');
}

const NUMBERS: ReadonlySet<number> = new Set([1, 2, 3]);

/** Columns as wide as their widest cell, numbers at the right. */
function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = (rows[0] ?? []).map((_, column) => widthOf(column));
  const aligned = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return NUMBERS.has(column) ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map((row) => row.map(aligned).join('  ').trimEnd());
}

function columns({ payments, approved, declined, approvedMinorUnits }: Tally): string[] {
  const money = Object.entries(approvedMinorUnits).map(([currency, minorUnits]) => {
    const digits = minorUnitDigits(currency) ?? 0;
    return `${(minorUnits / 10 ** digits).toFixed(digits)} ${currency}`;
  });
  return [String(payments), String(approved), String(declined), money.join(', ')];
}
