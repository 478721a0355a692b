import { Command } from 'commander';
import { assertPinnedNode } from '../assert-node.ts';
import { explain } from '../explain.ts';
import { commands, type LazyCommand } from './commands.ts';
import { EXAMPLES } from './examples.ts';

/**
 * Runs `etika-switch` with these arguments. Exits 0 only where the command succeeded.
 * Only the command that was asked for is loaded: `--help` stays fast, and one broken room leaves the others usable.
 */
export async function main(args: readonly string[]): Promise<void> {
  assertPinnedNode();
  try {
    const program = await programFor(args, commands);
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    process.stderr.write(`etika-switch: ${explain(error)}\n`);
    process.exitCode = 1;
  }
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
  addExamples(program, '');
  return program;
}

function addExamples(command: Command, path: string): void {
  const lines = (EXAMPLES[path] ?? []).map((example) => `\n  $ ${example}`);
  if (lines.length > 0) {
    command.addHelpText('after', `\nExample${lines.length > 1 ? 's' : ''}:${lines.join('')}`);
  }
  for (const child of command.commands) addExamples(child, `${path} ${child.name()}`.trim());
}
