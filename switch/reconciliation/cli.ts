import { hostname } from 'node:os';
import { scheduler } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CASE_ACTIONS } from '../cases/case-kinds.ts';
import { isDate } from '../config/business-calendar.ts';
import { atDatabase, commandDatabase } from '../config/command-settings.ts';
import { rebuildProjection } from '../projection/projector.ts';
import type { CaseState } from './cases.ts';
import { csvLine } from './csv.ts';
import { ReconciliationDesk } from './desk.ts';
import { NETWORK_COLUMNS } from './ledgers/records.ts';
import { type LedgerSource, ledgerSource, readNetworkLedger, readProofLedger } from './ledgers/source.ts';
import { casesCsv, printCase, printCases, printReport, reportCsv } from './print.ts';
import type { ReconciliationOrder, Report } from './reconcile.ts';

/** Differences without a case, ledgers that were not given, sums that do not add up. */
const EXIT_INCOMPLETE = 2;
const UNRESOLVED: readonly CaseState[] = ['open', 'proposed', 'approved'];

interface RunOptions extends Shared {
  date?: string;
  networkLedger?: LedgerSource[];
  clearing?: LedgerSource[];
  popLedger?: string;
  grace: number;
  repair?: boolean;
  every?: number;
}

interface ResolveOptions extends Shared {
  action?: string;
  by: string;
  approve?: boolean;
  note?: string;
}

type Format = 'json' | 'csv' | 'table';

interface Shared {
  settings?: string;
  json?: boolean;
  csv?: boolean;
}

/**
 * `etika-switch recon`: the journal compared with the ledgers of its counterparts, and what is done about differences.
 */
export function reconCommand(): Command {
  const command = new Command('recon').description(
    'Compares the journal with the ledgers of networks and consensus; every difference becomes a case. ' +
      'docs/reconciliation.md describes files, cases and exit codes.',
  );
  command.addCommand(runCommand());
  command.addCommand(casesCommand());
  command.addCommand(resolveCommand());
  command.addCommand(clearingCommand());
  command.addCommand(rebuildCommand());
  return command;
}

function runCommand(): Command {
  return atDatabase(new Command('run'))
    .description('compares, and opens a case for every difference. Exits 0 only if all agrees or has a case')
    .option('--date <date>', 'a business date, YYYY-MM-DD; absent: all of them', dateOption)
    .option(
      '--network-ledger <ledger>',
      'NETWORK=FILE, NETWORK=URL of a control port, or a FILE that names networks; may be repeated',
      collectLedgers,
    )
    .option(
      '--clearing <file>',
      'NETWORK=FILE, or a FILE that names networks: tells what is settled, not what is held; may be repeated',
      collectClearing,
    )
    .option('--pop-ledger <ledger>', 'FILE, or URL of a control port')
    .option('--grace <seconds>', 'what is under way and younger than this is no case yet', secondsOption, 60)
    .option('--repair', 'does what is safe about open cases')
    .option('--every <seconds>', 'goes on until stopped, so often', periodOption)
    .option('--csv', 'the differences for spreadsheets')
    .action((options: RunOptions) =>
      withDesk(options, (desk) =>
        options.every ? runAgainAndAgain(desk, options) : runAndPrint(desk, options),
      ),
    );
}

function casesCommand(): Command {
  return atDatabase(new Command('cases'))
    .description('lists what people must look at; with an id, one case and its history')
    .argument('[id]', 'a case', caseArgument)
    .addOption(
      new Option('--state <state>', 'only these; absent: all that is not resolved').choices([
        ...UNRESOLVED,
        'resolved',
        'all',
      ]),
    )
    .option('--csv', 'output for spreadsheets')
    .action((id: number | undefined, options: Shared & { state?: CaseState | 'all' }) =>
      withDesk(options, async (desk) => {
        const format = formatOf(options);
        const { state } = options;
        if (id !== undefined) {
          const { found, history } = await desk.case(id);
          console.log(format === 'json' ? JSON.stringify({ ...found, history }) : printCase(found, history));
          return;
        }
        const states = state === 'all' ? [...UNRESOLVED, 'resolved' as const] : state ? [state] : UNRESOLVED;
        const cases = await desk.cases(states);
        if (format === 'json') console.log(JSON.stringify(cases));
        else console.log(format === 'csv' ? casesCsv(cases) : printCases(cases));
      }),
    );
}

function resolveCommand(): Command {
  const actions = Object.entries(CASE_ACTIONS).map(([name, meaning]) => `  ${name.padEnd(16)} ${meaning}`);
  return atDatabase(new Command('resolve'))
    .description('proposes what is done about a case, or approves it: what is not safe takes two people')
    .argument('<id>', 'a case', caseArgument)
    .option('--action <action>', 'absent: what the case suggests')
    .requiredOption('--by <name>', 'who says so')
    .option('--approve', 'approves what somebody else has proposed')
    .option('--note <text>', 'why, or how it was put right')
    .addHelpText('after', `\nActions:\n${actions.join('\n')}`)
    .action((id: number, options: ResolveOptions) =>
      withDesk(options, async (desk) => {
        const found = await desk.resolve(id, { ...options, approve: options.approve ?? false });
        if (options.json) console.log(JSON.stringify(found));
        else console.log(`Case ${found.id} is ${found.state}: ${found.action}`);
      }),
    );
}

function clearingCommand(): Command {
  return new Command('clearing')
    .description("prints a network's ledger as a clearing file: CSV as `recon run` reads it")
    .requiredOption('--network-ledger <ledger>', 'NETWORK=URL of a control port, or a file', (text) =>
      ledgerSource(text),
    )
    .action(async ({ networkLedger }: { networkLedger: LedgerSource }) => {
      const records = await readNetworkLedger(networkLedger);
      const lines = records.map((record) => csvLine(NETWORK_COLUMNS.map((column) => record[column])));
      console.log([csvLine(NETWORK_COLUMNS), ...lines].join('\n'));
    });
}

function rebuildCommand(): Command {
  return atDatabase(new Command('rebuild'))
    .description('forgets the projection: the node that projects makes it again from the first entry on')
    .action(async ({ settings, json }: Shared) => {
      await rebuildProjection(commandDatabase(settings));
      console.log(json ? JSON.stringify({ rebuilding: true }) : 'the projection is made again');
    });
}

function formatOf({ json, csv }: Shared): Format {
  return json ? 'json' : csv ? 'csv' : 'table';
}

/** Until it is stopped. What cannot be read now is said, and perhaps can be read the next time. */
async function runAgainAndAgain(desk: ReconciliationDesk, options: RunOptions): Promise<never> {
  for (;;) {
    try {
      await runAndPrint(desk, options);
    } catch (error) {
      process.exitCode = 1;
      console.error(`not reconciled: ${error instanceof Error ? error.message : error}`);
    }
    await scheduler.wait((options.every ?? 1) * 1_000);
  }
}

async function runAndPrint(desk: ReconciliationDesk, options: RunOptions): Promise<void> {
  const report = await runOnce(desk, options);
  print(report, formatOf(options));
  process.exitCode = report.outcome === 'incomplete' ? EXIT_INCOMPLETE : 0;
  if (options.repair) await repair(desk);
}

async function runOnce(desk: ReconciliationDesk, options: RunOptions): Promise<Report> {
  const [ledgers, clearing] = await Promise.all([
    readNetworkLedgers(options.networkLedger ?? []),
    readNetworkLedgers(options.clearing ?? []),
  ]);
  const twice = [...clearing.networks].find((network) => ledgers.networks.has(network));
  if (twice) throw new Error(`${twice} has a ledger and a clearing file: one of them at a time`);
  const order: ReconciliationOrder = {
    date: options.date ?? null,
    networkLedger: [...ledgers.records, ...clearing.records],
    networks: new Set([...ledgers.networks, ...clearing.networks]),
    withoutHolds: clearing.networks,
    proofLedger: options.popLedger === undefined ? undefined : await readProofLedger(options.popLedger),
    graceMs: options.grace * 1_000,
  };
  return desk.run(order);
}

async function readNetworkLedgers(sources: readonly LedgerSource[]) {
  const records = (await Promise.all(sources.map(readNetworkLedger))).flat();
  const named = sources.flatMap(({ network }) => network ?? []);
  return { records, networks: new Set([...named, ...records.map(({ network }) => network)]) };
}

async function repair(desk: ReconciliationDesk): Promise<void> {
  const { repaired, failed } = await desk.repairSafe('reconciliation');
  for (const { id, action } of repaired) console.error(`Case ${id}: ${action} is under way`);
  for (const { id, reason } of failed) console.error(`Case ${id}: not repaired, ${reason}`);
}

function print(report: Report, format: Format): void {
  if (format === 'json') console.log(JSON.stringify(report));
  else console.log(format === 'csv' ? reportCsv(report) : printReport(report));
}

async function withDesk(
  { settings }: Shared,
  work: (desk: ReconciliationDesk) => Promise<void>,
): Promise<void> {
  const name = hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 32);
  const desk = new ReconciliationDesk({ databaseUrl: commandDatabase(settings), name });
  try {
    await work(desk);
  } finally {
    await desk.close();
  }
}

function collectLedgers(text: string, before: LedgerSource[] = []): LedgerSource[] {
  return [...before, ledgerSource(text)];
}

function collectClearing(text: string, before: LedgerSource[] = []): LedgerSource[] {
  return [...before, ledgerSource(text, true)];
}

function dateOption(text: string): string {
  if (!isDate(text)) throw new InvalidArgumentError('Expected a date: YYYY-MM-DD.');
  return text;
}

function secondsOption(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of seconds.');
  return Number(text);
}

function periodOption(text: string): number {
  const seconds = secondsOption(text);
  if (seconds === 0) throw new InvalidArgumentError('Expected at least a second.');
  return seconds;
}

function caseArgument(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Expected the number of a case.');
  return Number(text);
}
