import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import { commandDatabase, commandSettings, headsFolder } from '../config/command-settings.ts';
import { headLines, publicKeys } from './anchors.ts';
import { databaseEvidence } from './evidence-database.ts';
import { evidenceHeads, fileEvidence, writeEvidence } from './evidence-file.ts';
import type { AuditReport } from './findings.ts';
import { readSeries } from './head-series.ts';
import { printAudit } from './print.ts';
import { verifyAudit } from './verify.ts';

/** 1 is what a command that could not be carried out exits with. */
const EXIT_CODES = { verified: 0, broken: 2, unproven: 3 } as const;
const TELL_EVERY_MS = 1_000;

const NO_KEY = 'No public key was given: --public-key.';
const KEY_BESIDE =
  'The public key lay beside the heads: who can change both can forge both. --public-key names a copy of your own.';

interface Shared {
  settings?: string;
  heads?: string[];
  json?: boolean;
}

interface VerifyOptions extends Shared {
  publicKey?: string[];
  file?: string;
  maxLag: number;
}

/** `etika-switch audit`: whether the journal is still what was written. */
export function auditCommand(): Command {
  return new Command('audit')
    .description(
      "The journal's hash chain. Nodes sign how far it goes under a key of their HSM and publish that outside the database, " +
        'so that what is changed there afterwards shows. docs/audit.md is the procedure.',
    )
    .addCommand(verifyCommand())
    .addCommand(exportCommand())
    .addCommand(headCommand());
}

function verifyCommand(): Command {
  return withHeads(new Command('verify'))
    .description(
      'recomputes every chain and compares it with the signed heads. Exits 0 if all verifies, 2 if anything is not what was ' +
        'written, 3 if something cannot be told, 1 if it could not be done',
    )
    .option(
      '--public-key <path>',
      'PEM file, or a folder of them; may be repeated. Absent: beside the heads',
      collect,
    )
    .option('--file <file>', 'an evidence file of `audit export`: no database is needed')
    .option('--max-lag <seconds>', 'entries may wait so long for a signed head', seconds, 300)
    .action(async (options: VerifyOptions) => {
      const { file } = options;
      const paths = file === undefined || options.heads ? headPaths(options) : [];
      const keys = publicKeys(options.publicKey ?? (paths.length > 0 ? paths.filter(isFolder) : []));
      const lines =
        file === undefined ? headLines(paths) : [...headLines(paths), ...(await evidenceHeads(file))];
      const evidence =
        file === undefined ? databaseEvidence(commandDatabase(options.settings)) : fileEvidence(file);
      const report = await verifyAudit(evidence, {
        heads: readSeries(lines, keys),
        unsignedBefore: (systemClock.wall() - options.maxLag * 1_000) * 1_000,
        onProgress: progressTeller(),
      });
      print(report, options);
      if (!options.json && !options.publicKey) console.log(keys.size === 0 ? NO_KEY : KEY_BESIDE);
      process.exitCode = EXIT_CODES[report.outcome];
    });
}

function exportCommand(): Command {
  return withHeads(new Command('export'))
    .description(
      'writes all that `audit verify --file` needs into one file, for whoever must check it elsewhere',
    )
    .requiredOption('--out <file>', 'a file that is not there yet')
    .action(async ({ out, ...options }: Shared & { out: string }) => {
      const at = new Date(systemClock.wall()).toISOString();
      const evidence = databaseEvidence(commandDatabase(options.settings));
      const { heads, entries } = await writeEvidence(out, evidence, headLines(headPaths(options)), at);
      console.log(
        options.json
          ? JSON.stringify({ file: out, entries, heads })
          : `${entries} entries and ${heads} heads in ${out}`,
      );
    });
}

function headCommand(): Command {
  return withHeads(new Command('head'))
    .description('shows the newest head of each node')
    .option(
      '--public-key <path>',
      'PEM file, or a folder of them; may be repeated. Absent: beside the heads',
      collect,
    )
    .action((options: Shared & { publicKey?: string[] }) => {
      const paths = headPaths(options);
      const keys = publicKeys(options.publicKey ?? paths.filter(isFolder));
      const { byEpoch } = readSeries(headLines(paths), keys);
      const heads = [...byEpoch.values()].flat().sort((a, b) => a.life - b.life || a.number - b.number);
      const newest = [...new Map(heads.map((head) => [head.node, head])).values()];
      if (options.json) console.log(JSON.stringify(newest));
      else {
        for (const head of newest) {
          console.log(
            Object.entries(head)
              .map(([name, value]) => `${name.padEnd(9)} ${value}`)
              .join('\n'),
          );
        }
      }
      if (newest.length === 0) throw new Error(`no head that verifies: ${paths.join(', ')}`);
    });
}

function withHeads(command: Command): Command {
  return command
    .option('--heads <path>', 'a file of signed heads, or a folder of them; may be repeated', collect)
    .option(
      '--settings <file>',
      'settings of a switch node; absent: DATABASE_URL, else what `npm start` has written',
    )
    .option('--json', 'machine-readable output');
}

function headPaths({ heads, settings }: Shared): string[] {
  return heads ?? [headsFolder(commandSettings(settings))];
}

function isFolder(path: string): boolean {
  return !path.endsWith('.jsonl');
}

function print(report: AuditReport, { json }: Shared): void {
  console.log(json ? JSON.stringify(report) : printAudit(report));
}

function progressTeller(): (soFar: { epoch: number; entries: number }) => void {
  let toldAt = systemClock.monotonic();
  return ({ epoch, entries }) => {
    if (systemClock.monotonic() - toldAt < TELL_EVERY_MS) return;
    toldAt = systemClock.monotonic();
    console.error(`${entries} entries, in epoch ${epoch}`);
  };
}

function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function seconds(text: string): number {
  if (!/^\d{1,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of seconds.');
  return Number(text);
}
