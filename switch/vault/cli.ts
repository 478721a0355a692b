import { Command } from 'commander';
import { createLog, type Log } from '../../runtime/index.ts';
import { atDatabase, commandDatabase } from '../config/command-settings.ts';
import { PostgresVaultRows } from './postgres-vault-rows.ts';
import type { KeptKey } from './vault-keeper.ts';

const NO_KEY = 'there is no key yet: nothing was sealed';

interface Shared {
  settings?: string;
  json?: boolean;
}

/** `etika-switch vault`: which keys seal what lies at rest, and another one in place of the active. */
export function vaultCommand(): Command {
  return new Command('vault')
    .description(
      'The keys under which text lies sealed in the database. docs/gateway.md says how they are changed.',
    )
    .addCommand(statusCommand())
    .addCommand(rotateCommand());
}

function statusCommand(): Command {
  return atDatabase(new Command('status'))
    .description('each key: since when, until when it was active, and how much lies under it')
    .action((options: Shared) =>
      withRows(options, async (rows) => {
        const counts = await rows.counts();
        const keys = (await rows.keys()).map((key) => ({ ...key, texts: counts.get(key.id) ?? 0 }));
        if (options.json) console.log(JSON.stringify({ keys: keys.map(toldInJson) }));
        else console.log(keys.map(line).join('\n') || NO_KEY);
      }),
    );
}

function rotateCommand(): Command {
  return atDatabase(new Command('rotate'))
    .description(
      'has the nodes make another key within a minute or two, and seal anew what lies under the old one; `status` shows how far',
    )
    .requiredOption('--by <name>', 'who says so')
    .option('--why <text>', 'for the log')
    .action(({ by, why, ...options }: Shared & { by: string; why?: string }) =>
      withRows(options, async (rows, log) => {
        const key = await rows.askForAnother();
        if (key !== undefined) log.warn({ event: 'vault.rotation-asked', key, by, why });
        const told = key === undefined ? NO_KEY : `another key will take the place of key ${key}`;
        console.log(options.json ? JSON.stringify({ key: key ?? null }) : told);
      }),
    );
}

type Counted = KeptKey & { readonly texts: number };

function toldInJson({ id, isActive, isDue, createdAt, retiredAt, texts }: Counted): object {
  const retired = retiredAt === undefined ? null : dateOf(retiredAt);
  return { key: id, active: isActive, due: isDue, since: dateOf(createdAt), retired, texts };
}

function line({ id, isActive, isDue, createdAt, retiredAt, texts }: Counted): string {
  const state = isActive ? (isDue ? 'active, another is asked for' : 'active') : 'retired';
  const until = retiredAt === undefined ? '' : ` until ${dateOf(retiredAt)}`;
  return `key ${id}  ${state}, since ${dateOf(createdAt)}${until}: ${texts} texts`;
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}

async function withRows(
  { settings }: Shared,
  work: (rows: PostgresVaultRows, log: Log) => Promise<void>,
): Promise<void> {
  const log = createLog('vault');
  const rows = new PostgresVaultRows(commandDatabase(settings), log);
  try {
    await work(rows, log);
  } finally {
    await rows.close();
  }
}
