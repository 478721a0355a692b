import { Command } from 'commander';
import { ceremonyCommand } from './ceremony.ts';
import { katCommand } from './kat.ts';
import { statusCommand } from './status.ts';

/** `etika-switch hsm …` */
export function hsmCommand(): Command {
  return new Command('hsm')
    .description('the HSM: known-answer tests, status, key ceremonies')
    .addCommand(katCommand())
    .addCommand(statusCommand())
    .addCommand(ceremonyCommand());
}

if (import.meta.main) await hsmCommand().parseAsync(process.argv);
