import { setTimeout as pause } from 'node:timers/promises';
import type { Operator, Readiness } from './operator.ts';

const EVERY_MS = 500;

interface Look extends Readiness {
  readonly at: number;
}

/** Looks at `/ready` twice a second, and remembers. */
export class ReadyWatch {
  readonly #operator: Operator;
  readonly #looks: Look[] = [];
  readonly #over = new AbortController();
  readonly #looking: Promise<void>;

  constructor(operator: Operator) {
    this.#operator = operator;
    this.#looking = this.#look();
  }

  /** What was wrong from then on, each once; empty where it was ready all the time. */
  failuresSince(at: number): string[] {
    const bad = this.#looks.filter((look) => look.at >= at && !look.isReady);
    return [...new Set(bad.flatMap(({ failing }) => failing))];
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      const at = performance.now();
      const seen = await this.#operator.ready();
      this.#looks.push({ at, ...seen });
      await pause(EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }
}
