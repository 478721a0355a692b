import { jitter, LastingTrouble, type Timer } from '../../runtime/index.ts';
import type { Ports } from '../ports.ts';
import { recover } from './recover.ts';

export type TakeOverPorts = Pick<Ports, 'journal' | 'log' | 'settings' | 'clock' | 'random'>;

/** So that nodes that started together do not look together for ever. */
const JITTER = 0.2;

/**
 * Looks every so often for what dead nodes left undecided, and closes it. Of several nodes that look at once each
 * transaction is closed by one: the others are superseded.
 */
export class TakeOver {
  readonly #ports: TakeOverPorts;
  readonly #everyMs: number;
  readonly #trouble: LastingTrouble;
  #timer: Timer | undefined;
  #look: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** @param everyMs the mean; each wait is up to a fifth longer or shorter */
  constructor(ports: TakeOverPorts, everyMs: number) {
    this.#ports = ports;
    this.#everyMs = everyMs;
    this.#trouble = new LastingTrouble('take-over.failed', ports);
    this.#schedule();
  }

  /** Looks no more; resolves once a look under way has ended, which the journal's deadlines bound. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    return this.#look;
  }

  #schedule(): void {
    if (this.#isClosed) return;
    const { clock, random } = this.#ports;
    this.#timer = clock.after(this.#everyMs * jitter(random, JITTER), () => {
      this.#look = this.#takeOver().then(() => this.#schedule());
    });
  }

  async #takeOver(): Promise<void> {
    try {
      await recover(this.#ports);
      this.#trouble.over();
    } catch (error) {
      this.#trouble.failed(error);
    }
  }
}
