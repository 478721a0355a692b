import { Command } from 'commander';
import { completeCommand, incrementCommand, reversalCommand, voidCommand } from './corrections.ts';
import { echoCommand, keysCommand, logonCommand, settleCommand } from './management.ts';
import { paymentCommands } from './payments.ts';
import { loadCommand, sendCommand } from './raw.ts';

/** `etika-switch terminal …`: a card terminal (or an acquirer's host) at the command line. */
export function terminalCommand(): Command {
  const command = new Command('terminal').description(
    'Plays a card terminal: payments, corrections, settlement, raw samples, or a steady load.',
  );
  for (const payment of paymentCommands()) command.addCommand(payment);
  return command
    .addCommand(incrementCommand())
    .addCommand(completeCommand())
    .addCommand(voidCommand())
    .addCommand(reversalCommand())
    .addCommand(settleCommand())
    .addCommand(logonCommand())
    .addCommand(keysCommand())
    .addCommand(echoCommand())
    .addCommand(sendCommand())
    .addCommand(loadCommand());
}
