import { fork } from 'node:child_process';
import { accessSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { prepareEmptyToken, type SoftwareToken } from '../development/software-token.ts';
import { HsmError } from '../errors.ts';
import type { KatMessage, KatReport } from '../kat/main.ts';

const KAT_ENTRY = join(import.meta.dirname, '..', 'kat', 'main.ts');

interface KatOptions {
  vectors: string;
  json?: boolean;
  token?: SoftwareToken;
}

export function katCommand(): Command {
  return new Command('kat')
    .description(
      'Runs known-answer tests through the token: every vector imports its published keys as session objects. ' +
        'Uses the token of HSM_TOKEN_LABEL, else an empty one of the kind asked for, gone afterwards.',
    )
    .requiredOption('--vectors <file>', 'one JSON object per line: id, op, inputs, expected')
    .addOption(new Option('--token <kind>', 'kind of the empty token').choices(['softhsm', 'nss']))
    .option('--json', 'print the result as one JSON object')
    .action(async (options: KatOptions) => {
      accessSync(options.vectors);
      const report = await runKnownAnswers(options.vectors, options.token);
      console.log(options.json === true ? JSON.stringify(summaryOf(report)) : tableOf(report));
      if (totals(report).failed > 0) process.exitCode = 1;
    });
}

/** @param kind an empty token of this kind; absent: the environment's token, or an empty SoftHSM one */
export async function runKnownAnswers(vectors: string, kind?: SoftwareToken): Promise<KatReport> {
  if (kind === undefined && process.env['HSM_TOKEN_LABEL'] !== undefined) {
    return runProcess(vectors, {}, false);
  }
  if (process.env['NODE_ENV'] === 'production') {
    throw new HsmError('HSM_SETTINGS_INVALID', 'known-answer tests import clear keys: not in production');
  }
  const directory = mkdtempSync(join(tmpdir(), 'etika-kat-'));
  try {
    return await runProcess(vectors, prepareEmptyToken(kind ?? 'softhsm', directory), true);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** In a process of its own, which alone opens the token. */
async function runProcess(
  vectors: string,
  env: Record<string, string>,
  initialise: boolean,
): Promise<KatReport> {
  const args = [resolve(vectors), ...(initialise ? ['initialise'] : [])];
  const child = fork(KAT_ENTRY, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const message = await new Promise<KatMessage>((settle) => {
    child.once('message', (received) => settle(received as KatMessage));
    child.once('exit', (code) => settle({ failure: `the process ended with ${code}` }));
  });
  if ('failure' in message) throw new HsmError('HSM_TOKEN_FAILED', message.failure);
  return message.report;
}

function totals({ results }: KatReport): { passed: number; failed: number; unsupported: number } {
  const sum = (of: 'passed' | 'failed' | 'unsupported') => results.reduce((total, row) => total + row[of], 0);
  return { passed: sum('passed'), failed: sum('failed'), unsupported: sum('unsupported') };
}

function summaryOf(report: KatReport) {
  return { ...totals(report), profile: report.profile, operations: report.results };
}

function tableOf(report: KatReport): string {
  const width = Math.max(9, ...report.results.map(({ op }) => op.length));
  const columns = ['passed', 'failed', 'unsupported', 'strategy'] as const;
  const row = (op: string, values: readonly unknown[]) =>
    `${op.padEnd(width)}  ${values.map((value, i) => String(value).padStart(columns[i]?.length ?? 0)).join('  ')}`;
  const lines = report.results.flatMap((result) => [
    row(
      result.op,
      columns.map((column) => result[column]),
    ),
    ...result.failures.map(({ id, reason }) => `  ${id}: ${reason}`),
  ]);
  const { passed, failed, unsupported } = totals(report);
  return [
    row('operation', columns),
    ...lines,
    `${passed} passed, ${failed} failed, ${unsupported} unsupported`,
  ].join('\n');
}
