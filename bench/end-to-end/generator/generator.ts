import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { FromGenerator, ToGenerator } from './generator-process.ts';
import type { Answers, Traffic } from './traffic.ts';

const ENTRY = join(import.meta.dirname, 'generator-process.ts');

/** The generator's process, seen from the bench. Trace numbers go on from case to case: none is used twice. */
export class Generator {
  readonly #child: ChildProcess;
  #usedStans = 0;

  constructor() {
    // It is no part of what is profiled.
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#child = fork(ENTRY, [], { serialization: 'advanced', env });
  }

  pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Builds the frames and opens the connections. */
  async prepare(traffic: Omit<Traffic, 'firstStan'>): Promise<Traffic> {
    const firstStan = this.#usedStans + 1;
    this.#usedStans += Math.ceil(traffic.total / traffic.terminals);
    const prepared = { ...traffic, firstStan };
    await this.#ask({ prepare: prepared });
    return prepared;
  }

  /** Offers what was prepared. */
  async run(): Promise<Answers> {
    const told = await this.#ask({ start: true });
    if (!('answers' in told)) throw new Error('the generator gave no answers');
    return told.answers;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #ask(message: ToGenerator): Promise<FromGenerator> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`the generator ended with ${code}`));
      this.#child.once('exit', ended);
      this.#child.once('message', (told: FromGenerator) => {
        this.#child.off('exit', ended);
        if ('failed' in told) reject(new Error(`the generator: ${told.failed}`));
        else resolve(told);
      });
      this.#child.send(message);
    });
  }
}
