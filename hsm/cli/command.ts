import { Command } from 'commander';
import { katCommand } from './kat.ts';

/** `etika-switch hsm …` */
export function hsmCommand(): Command {
  return new Command('hsm')
    .description('the HSM: known-answer tests, status, key ceremonies')
    .addCommand(katCommand());
}
