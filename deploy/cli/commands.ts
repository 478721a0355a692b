import { Command } from 'commander';

/** A command that is loaded when it is asked for. */
export interface LazyCommand {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** A process of a deployment: its entry point takes its settings from the environment and runs until stopped. */
function role(name: string, summary: string, entry: string, settings: string): LazyCommand {
  return {
    name,
    summary,
    load: async () =>
      new Command(name)
        .description(`Runs ${summary} until it is stopped. docs/deployment.md lists its settings.`)
        .addHelpText('after', `\nExample:\n  $ ${settings} npx etika-switch ${name}`)
        .action(async () => {
          await import(new URL(`../../${entry}`, import.meta.url).href);
        }),
  };
}

export const commands: readonly LazyCommand[] = [
  {
    name: 'network',
    summary: 'the Visa simulator: its state, its scenarios, its ledger',
    load: async () => (await import('./network.ts')).networkCommand(),
  },
  {
    name: 'migrate',
    summary: 'brings a database to the schema of this release',
    load: async () => (await import('./migrate.ts')).migrateCommand(),
  },
  role('switch', 'a switch node', 'switch/main.ts', 'SWITCH_SETTINGS_FILE=switch.json'),
  role(
    'hsm-process',
    'the HSM process',
    'hsm/main.ts',
    'HSM_SOCKET=/run/etika/hsm.sock HSM_TOKEN_LABEL=etika HSM_PIN_FD=3 3<pin',
  ),
  role('admin', 'the admin API', 'admin-api/main.ts', 'DATABASE_URL=postgres://etika@db/etika'),
];
