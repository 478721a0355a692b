import { hsmCommand } from '../cli/command.ts';

/** `hsm …` as a program of its own, for tests. */
await hsmCommand().parseAsync(process.argv);
