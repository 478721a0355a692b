import { Command } from 'commander';

/** A command that is loaded when it is asked for. */
export interface LazyCommand {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** A process of a deployment: it is told all by its own settings, and nothing by what `npm start` reads. */
  readonly isService?: boolean;
  load(): Promise<Command>;
}

/** A process of a deployment: its entry point takes its settings from the environment and runs until stopped. */
function role(name: string, summary: string, entry: string): LazyCommand {
  return {
    name,
    summary,
    isService: true,
    load: async () =>
      new Command(name)
        .description(`Runs ${summary} until it is stopped. docs/deployment.md lists its settings.`)
        .action(async () => {
          await import(new URL(`../../${entry}`, import.meta.url).href);
        }),
  };
}

export const commands: readonly LazyCommand[] = [
  {
    name: 'decode',
    summary: 'reads a message: fields, chip tags and codes explained, card data masked',
    load: async () => (await import('../../messages/index.ts')).decodeCommand(),
  },
  {
    name: 'encode',
    summary: 'writes a message from JSON',
    load: async () => (await import('../../messages/index.ts')).encodeCommand(),
  },
  {
    name: 'terminal',
    summary: 'a card terminal: payments, corrections, settlement, raw samples, load',
    load: async () => (await import('../../simulators/index.ts')).terminalCommand(),
  },
  {
    name: 'network',
    summary: 'the Visa simulator: its state, its scenarios, its ledger',
    load: async () => (await import('./network.ts')).networkCommand(),
  },
  {
    name: 'hsm',
    summary: 'the HSM: known-answer tests of its token',
    load: async () => (await import('../../hsm/cli/command.ts')).hsmCommand(),
  },
  {
    name: 'certs',
    summary: 'an inventory of certificates: what expires, and when',
    load: async () => (await import('./certs.ts')).certsCommand(),
  },
  {
    name: 'recon',
    summary: 'reconciliation: the journal against the ledgers of networks and consensus, cases and repairs',
    load: async () => (await import('../../switch/index.ts')).reconCommand(),
  },
  {
    name: 'find',
    summary: 'payments by reference, STAN, terminal, last four digits, amount, time',
    load: async () => (await import('../../switch/index.ts')).findCommand(),
  },
  {
    name: 'fraud',
    summary: 'rules of fraud: which hold, and what they would have found in the journal',
    load: async () => (await import('../../switch/index.ts')).fraudCommand(),
  },
  {
    name: 'alerts',
    summary: 'what people must know of: since when, how often, what to do; and who looks after it',
    load: async () => (await import('../../switch/index.ts')).alertsCommand(),
  },
  {
    name: 'parked',
    summary: 'follow-ups that were parked: how many, why, and all of them tried again',
    load: async () => (await import('../../switch/index.ts')).parkedCommand(),
  },
  {
    name: 'audit',
    summary: "the journal's hash chain: verified against signed heads, exported as evidence",
    load: async () => (await import('../../switch/index.ts')).auditCommand(),
  },
  {
    name: 'settings',
    summary: 'terminals, merchants, routes, data of networks: versions that every node follows',
    load: async () => (await import('../../switch/index.ts')).settingsCommand(),
  },
  {
    name: 'keys',
    summary: 'the published keys of a development terminal, or of a merchant',
    load: async () => (await import('./keys.ts')).keysCommand(),
  },
  {
    name: 'vault',
    summary: 'the keys under which text lies sealed in the database, and changing them',
    load: async () => (await import('../../switch/index.ts')).vaultCommand(),
  },
  {
    name: 'migrate',
    summary: 'brings a database to the schema of this release',
    load: async () => (await import('./migrate.ts')).migrateCommand(),
  },
  role('switch', 'a switch node: the hot path', 'switch/main.ts'),
  role('worker', 'a worker: follow-ups and projection', 'switch/worker.ts'),
  role('hsm-process', 'the HSM process', 'hsm/main.ts'),
  role('admin', 'the admin API', 'admin-api/main.ts'),
];
