import { pino } from 'pino';
import type { Log } from '../../runtime/index.ts';
import type { SimProcess } from './sim-process.ts';

/** Everything that the nodes log, as the lines that would be written, down to the debug level. */
export class LogCapture {
  readonly lines: string[] = [];
  /** When each line was written, in virtual milliseconds. */
  readonly times: number[] = [];

  logOf(process: SimProcess): Log {
    const { world } = process;
    const write = (line: string) => {
      if (process.isDead) return;
      this.lines.push(line);
      this.times.push(world.now);
      const event = /"event":"([^"]*)"/.exec(line)?.[1] ?? '';
      world.scheduler.mix(event);
      world.tell(process.name, () => `log: ${line.trimEnd().replace(/\\n\s+at [^"]*/g, '')}`);
    };
    return pino({ level: 'debug', base: null, timestamp: false }, { write });
  }
}
