import { Command } from 'commander';
import { ceremonyCommand } from './ceremony.ts';
import { katCommand } from './kat.ts';
import { keyLogCommand } from './key-log.ts';
import { publicKeyCommand } from './public-key.ts';
import { statusCommand } from './status.ts';

/** `etika-switch hsm …` */
export function hsmCommand(): Command {
  return new Command('hsm')
    .description('the HSM: known-answer tests, status, public keys, key ceremonies')
    .addCommand(katCommand())
    .addCommand(statusCommand())
    .addCommand(publicKeyCommand())
    .addCommand(keyLogCommand())
    .addCommand(ceremonyCommand());
}

if (import.meta.main) await hsmCommand().parseAsync(process.argv);
