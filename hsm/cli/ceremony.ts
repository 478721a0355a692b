import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { KeyOrder } from '../ceremony/ceremonies.ts';
import type { Station } from '../ceremony/station.ts';
import type { Terminal } from '../ceremony/terminal.ts';
import { HsmError } from '../errors.ts';

const DEFAULT_AUDIT_LOG = process.env['HSM_AUDIT_LOG'] ?? 'hsm-audit.jsonl';

/**
 * `etika-switch hsm ceremony …`: what custodians do, at a terminal, under dual control. This process opens the token
 * itself, by the same settings as the HSM process; its modules are loaded only when a ceremony is held.
 */
export function ceremonyCommand(): Command {
  const command = new Command('ceremony').description(
    'Key ceremonies under dual control. HSM_TOKEN_LABEL, HSM_PIN_FILE and PKCS11_MODULE name the token; ' +
      'docs/key-ceremony.md is the procedure.',
  );
  command
    .command('prepare')
    .description('makes the keys every token needs: local master key, seal, PAN protection')
    .addOption(auditOption())
    .action((options: Shared) =>
      hold(options, async (station, terminal) => {
        await (await import('../ceremony/ceremonies.ts')).prepareToken(station, terminal);
      }),
    );
  orderCommand(command, 'import', 'puts a key on the token from components typed by their custodians').action(
    (options: OrderOptions) =>
      hold(options, async (station, terminal) => {
        await (await import('../ceremony/ceremonies.ts')).importKey(station, terminal, orderOf(options));
      }),
  );
  orderCommand(command, 'create', 'makes a new key and prints its components for transport')
    .requiredOption(
      '--print-to <folder>',
      'one sheet per component is written here, readable by its owner only',
    )
    .action((options: OrderOptions & { printTo: string }) =>
      hold(options, async (station, terminal) => {
        const { createKey, printToFiles } = await import('../ceremony/ceremonies.ts');
        await createKey(station, terminal, orderOf(options), printToFiles(options.printTo, options.label));
      }),
    );
  workingKeyCommands(command);
  authoriseCommand(command);
  backupCommands(command);
  return command;
}

function workingKeyCommands(command: Command): void {
  command
    .command('generate')
    .description('makes a working key and writes its sealed record, for export or for the switch')
    .requiredOption('--usage <usage>', 'usage as in a key block header: P0, M3, B0 …')
    .addOption(algorithmOption())
    .option('--length <bytes>', 'bytes of the key', wholeNumber, 16)
    .requiredOption('--owner <name>', 'whom the key is shared with, such as VISA')
    .requiredOption('--to <file>', 'a new file for the record')
    .addOption(auditOption())
    .action((options: GenerateOptions) =>
      hold(options, async (station, terminal) => {
        const { generateWorkingKey } = await import('../ceremony/working-keys.ts');
        const { algorithm, length, owner } = options;
        const usage = options.usage as KeyOrder['usage'];
        const file = openSync(options.to, 'wx', 0o600);
        const { record, kcv } = await generateWorkingKey(station, terminal, {
          usage,
          algorithm,
          length,
          owner,
        });
        writeSync(file, `${record}\n`);
        closeSync(file);
        terminal.say(`the record is in ${options.to}, KCV ${kcv}`);
      }),
    );
  command
    .command('export')
    .description('writes a working key as a key block under a key shared with another party')
    .requiredOption('--record <file>', 'the sealed record of the working key')
    .requiredOption('--zmk <label>', 'the key block protection key, such as ZMK/VISA')
    .requiredOption('--mode <letter>', 'mode of use for the other party, such as B')
    .addOption(new Option('--block-version <letter>', 'key block version').choices(['B', 'D']).default('D'))
    .addOption(
      new Option('--exportability <letter>', 'may they pass it on?').choices(['E', 'N', 'S']).default('N'),
    )
    .addOption(auditOption())
    .action((options: ExportOptions) =>
      hold(options, async (station, terminal) => {
        const { exportKey } = await import('../ceremony/working-keys.ts');
        const record = readFileSync(options.record, 'utf8').trim();
        const { zmk: protection, blockVersion: version, mode, exportability } = options;
        terminal.say(
          await exportKey(station, terminal, { protection, record, version, mode, exportability }),
        );
      }),
    );
}

function authoriseCommand(command: Command): void {
  command
    .command('authorise')
    .description('lets keys of every usage come and go by the socket for some minutes; 0 ends it')
    .requiredOption('--minutes <count>', 'at most 240', wholeNumber)
    .addOption(ledgerOption())
    .addOption(auditOption())
    .action((options: Shared & { minutes: number; ledger: string }) =>
      hold(options, async (station, terminal) => {
        const { authorise } = await import('../ceremony/authorise.ts');
        await authorise(station, terminal, { ledgerPath: options.ledger, minutes: options.minutes });
      }),
    );
}

function ledgerOption(): Option {
  const option = new Option(
    '--ledger <file>',
    'HSM_USE_LEDGER of the processes in service',
  ).makeOptionMandatory();
  const known = process.env['HSM_USE_LEDGER'];
  return known === undefined ? option : option.default(known);
}

function orderCommand(command: Command, name: string, description: string): Command {
  return command
    .command(name)
    .description(description)
    .requiredOption('--label <label>', 'name of the key, such as ZMK/VISA')
    .requiredOption('--usage <usage>', 'usage as in a key block header: K1, P0, M3, B0, E0, C0, V2 …')
    .addOption(algorithmOption())
    .option('--length <bytes>', 'bytes of the key', wholeNumber, 16)
    .option('--components <count>', 'two or three', wholeNumber, 2)
    .option('--pin-rule <rule>', 'of an IBM 3624 key (V1): start,length,pad,decimalisation table')
    .addOption(auditOption());
}

function backupCommands(command: Command): void {
  command
    .command('backup')
    .description(
      "two custodians have a sealed list of all keys with their KCVs written, and a copy of a software token's files",
    )
    .requiredOption('--to <folder>', 'an empty folder')
    .option('--token-folder <folder>', 'where a software token keeps its files')
    .addOption(auditOption())
    .action((options: Shared & { to: string; tokenFolder?: string }) =>
      hold(options, async (station, terminal) => {
        const { backUpTogether } = await import('../ceremony/backup.ts');
        const { to: folder, tokenFolder } = options;
        const keys = await backUpTogether(station, terminal, { folder, tokenFolder });
        terminal.say(`${keys} keys listed in ${folder}`);
      }),
    );
  command
    .command('restore')
    .description('puts a backup back, and proves by KCVs and seal that the token holds the same keys')
    .requiredOption('--from <folder>', 'what backup wrote')
    .option(
      '--token-folder <folder>',
      'where a software token keeps its files; empty. Absent: only the proof',
    )
    .addOption(auditOption())
    .action(async (options: Shared & { from: string; tokenFolder?: string }) => {
      const { restoreFiles } = await import('../ceremony/backup.ts');
      if (options.tokenFolder !== undefined) restoreFiles(options.from, options.tokenFolder);
      await hold(options, async (station, terminal) => {
        const { restoreTogether } = await import('../ceremony/backup.ts');
        terminal.say(`${await restoreTogether(station, terminal, options.from)} keys are the same`);
      });
    });
  command
    .command('verify-log')
    .description('checks the seals and the chain of the audit log, and its end by HSM_USE_LEDGER')
    .addOption(auditOption())
    .action((options: Shared) =>
      quietly(options, async (station) => {
        const { entries, anchored } = station.checkLog();
        console.log(`${entries} entries, all sealed by this token`);
        console.log(
          anchored === undefined
            ? 'whether lines are missing at its end is not known: HSM_USE_LEDGER is not set'
            : `${anchored} of them are in the signed key log: none is missing at the end of these`,
        );
      }),
    );
}

interface Shared {
  auditLog: string;
}

interface GenerateOptions extends Shared {
  usage: string;
  algorithm: 'T' | 'A' | 'H';
  length: number;
  owner: string;
  to: string;
}

interface ExportOptions extends Shared {
  record: string;
  zmk: string;
  mode: string;
  blockVersion: string;
  exportability: string;
}

interface OrderOptions extends Shared {
  label: string;
  usage: string;
  algorithm: 'T' | 'A' | 'H';
  length: number;
  components: number;
  pinRule?: string;
}

function algorithmOption(): Option {
  return new Option('--algorithm <letter>', 'T triple DES, A AES, H HMAC')
    .choices(['T', 'A', 'H'])
    .default('T');
}

function auditOption(): Option {
  return new Option('--audit-log <file>', 'where the sealed transcript is appended').default(
    DEFAULT_AUDIT_LOG,
  );
}

function orderOf({ label, usage, algorithm, length, components, pinRule }: OrderOptions): KeyOrder {
  const order = { label, usage: usage as KeyOrder['usage'], algorithm, length, components };
  return pinRule === undefined ? order : { ...order, pinRule };
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,3}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
}

/** With the custodians at the terminal. */
async function hold(
  options: Shared,
  ceremony: (station: Station, terminal: Terminal) => Promise<void>,
): Promise<void> {
  const { openTerminal } = await import('../ceremony/terminal.ts');
  await quietly(options, async (station) => {
    const terminal = openTerminal(process.stdin, process.stdout);
    try {
      await ceremony(station, terminal);
    } finally {
      terminal.close();
    }
  });
}

/** @throws nothing of its own: a refusal is told in one line and by the exit code */
async function quietly({ auditLog }: Shared, work: (station: Station) => Promise<void>): Promise<void> {
  const { Station } = await import('../ceremony/station.ts');
  let station: Station | undefined;
  try {
    station = Station.open(process.env, auditLog);
    await work(station);
  } catch (error) {
    const { TokenError } = await import('../token/pkcs11.ts');
    if (error instanceof TokenError) console.error(new HsmError('HSM_TOKEN_FAILED', error.message).message);
    else if (error instanceof HsmError) console.error(error.message);
    else throw error;
    process.exitCode = 1;
  } finally {
    station?.close();
  }
}
