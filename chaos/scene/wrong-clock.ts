import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { send } from './signals.ts';

const LOADED_FIRST = pathToFileURL(join(import.meta.dirname, 'shifted-process.ts')).href;

/** The clock of the switch, which can be set wrong while it runs. */
export class WrongClock {
  readonly #file: string;

  /** Every switch that this process starts from now on has such a clock. @param folder for the file that it reads */
  constructor(folder: string) {
    this.#file = join(folder, 'clock-ahead-ms');
    writeFileSync(this.#file, '0');
    const { NODE_OPTIONS: given = '' } = process.env;
    process.env['NODE_OPTIONS'] = `${given} --import=${LOADED_FIRST}`.trim();
    process.env['CHAOS_CLOCK_FILE'] = this.#file;
  }

  set(aheadMs: number, pids: readonly number[]): void {
    writeFileSync(this.#file, String(aheadMs));
    for (const pid of pids) send(pid, 'SIGUSR2');
  }
}
