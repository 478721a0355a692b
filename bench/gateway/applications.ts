import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { FromApplications, ToApplications } from './applications-process.ts';
import type { Answered, Requests } from './requests.ts';

const ENTRY = join(import.meta.dirname, 'applications-process.ts');

/** The applications' process, seen from the bench. */
export class Applications {
  readonly #child: ChildProcess;

  constructor() {
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#child = fork(ENTRY, [], { serialization: 'advanced', env });
  }

  /** Builds the requests. */
  async prepare(requests: Requests): Promise<void> {
    await this.#ask({ prepare: requests });
  }

  /** Asks for what was prepared. */
  async run(): Promise<Answered> {
    const told = await this.#ask({ start: true });
    if (!('answered' in told)) throw new Error('the applications gave no answers');
    return told.answered;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #ask(message: ToApplications): Promise<FromApplications> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`the applications ended with ${code}`));
      this.#child.once('exit', ended);
      this.#child.once('message', (told: FromApplications) => {
        this.#child.off('exit', ended);
        if ('failed' in told) reject(new Error(`the applications: ${told.failed}`));
        else resolve(told);
      });
      this.#child.send(message);
    });
  }
}
