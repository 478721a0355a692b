import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { runTool, VERSION } from '../../runtime/index.ts';
import { assertPinnedNode } from '../assert-node.ts';
import { CONFIG_FILE, tellEnvironment } from '../config/load.ts';
import { commands, type LazyCommand } from './commands.ts';
import { EXAMPLES } from './examples.ts';

/**
 * Runs `etika-switch` with these arguments. Exits 0 only where the command succeeded.
 * Only the command that was asked for is loaded: `--help` stays fast, and one broken room leaves the others usable.
 */
export async function main(args: readonly string[]): Promise<void> {
  const asked = commands.find(({ name }) => name === args[0]);
  const tool = { name: 'etika-switch', args, isService: asked?.isService ?? false };
  await runTool(tool, async () => {
    assertPinnedNode();
    if (asked && !asked.isService && !args.includes('--help')) hearOfConfiguration();
    const program = await programFor(args, commands);
    await program.parseAsync([...args], { from: 'user' });
    return undefined;
  });
}

/** What `npm start` was configured with holds for the commands beside it: ports, folders, its database. */
function hearOfConfiguration(): void {
  if (existsSync(CONFIG_FILE)) tellEnvironment(CONFIG_FILE, process.env);
}

/** The program with the asked-for command loaded and the others listed by their summaries. */
export async function programFor(args: readonly string[], known: readonly LazyCommand[]): Promise<Command> {
  const program = new Command('etika-switch')
    .description('An open ISO 8583 payment switch with a proof-of-purchase leg.')
    .helpCommand(false)
    .showHelpAfterError('(etika-switch --help lists the commands)');
  for (const { name, summary, load } of known) {
    if (args[0] === name) program.addCommand((await load()).name(name).summary(summary));
    else program.command(name).summary(summary);
  }
  addVersion(program);
  addExamples(program, '');
  return program;
}

/** `runTool` prints it; here it is listed, and known as an option of each command. */
function addVersion(command: Command): void {
  command.version(VERSION, '--version', 'print the release');
  for (const child of command.commands) addVersion(child);
}

function addExamples(command: Command, path: string): void {
  const lines = (EXAMPLES[path] ?? []).map((example) => `\n  $ ${example}`);
  if (lines.length > 0) {
    command.addHelpText('after', `\nExample${lines.length > 1 ? 's' : ''}:${lines.join('')}`);
  }
  for (const child of command.commands) addExamples(child, `${path} ${child.name()}`.trim());
}
