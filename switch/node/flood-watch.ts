import { type Clock, explain, type Log, type Timer } from '../../runtime/index.ts';
import type { TurnedAway } from '../admission/turned-away.ts';
import type { AlertBook } from '../fallback/alerts.ts';

export interface FloodWatchParts {
  readonly turnedAway: Pick<TurnedAway, 'take'>;
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts: AlertBook;
}

const LOOK_EVERY_MS = 1_000;
/** Looks that are judged together. */
const WINDOW = 5;
/** Of one address in a window. A terminal whose keys are wrong sends one in a minute. */
const FLOOD = 100;
/** It is over once the window has fewer. */
const OVER = 50;

interface Loudest {
  readonly address: string;
  readonly count: number;
}

/**
 * Tells people that an address sends more to this node than it proves. Everybody else is served meanwhile, which is why
 * nobody would notice; but who it is, and whether it grows, is for people to look at. A node has one such alert,
 * however many addresses there are: it names the loudest. An alert of this process's life before is closed as well.
 */
export class FloodWatch {
  readonly #parts: FloodWatchParts;
  readonly #window: ReadonlyMap<string, number>[] = [];
  #isFlooded = false;
  /** What people were told last; nothing before they were told anything. */
  #told: boolean | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: FloodWatchParts) {
    this.#parts = parts;
    this.#lookLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #lookLater(): void {
    if (!this.#isClosed) this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const loudest = this.#loudest();
    this.#judge(loudest);
    if (this.#isFlooded !== this.#told) {
      try {
        await this.#tell(loudest);
      } catch (error) {
        // The database is away: it is told with the next look.
        this.#parts.log.warn({ event: 'flood.alert-failed', reason: explain(error) });
      }
    }
    this.#lookLater();
  }

  #loudest(): Loudest {
    this.#window.push(this.#parts.turnedAway.take());
    if (this.#window.length > WINDOW) this.#window.shift();
    const sums = new Map<string, number>();
    for (const counts of this.#window) {
      for (const [address, count] of counts) sums.set(address, (sums.get(address) ?? 0) + count);
    }

    let loudest: Loudest = { address: '', count: 0 };
    for (const [address, count] of sums) if (count > loudest.count) loudest = { address, count };
    return loudest;
  }

  #judge({ address, count }: Loudest): void {
    const { log, node } = this.#parts;
    if (!this.#isFlooded && count >= FLOOD) {
      this.#isFlooded = true;
      log.warn({ event: 'flood.begins', node, address, count });
    } else if (this.#isFlooded && count < OVER) {
      this.#isFlooded = false;
      log.warn({ event: 'flood.over', node });
    }
  }

  async #tell({ address, count }: Loudest): Promise<void> {
    const { alerts, clock, node } = this.#parts;
    const isFlooded = this.#isFlooded;
    if (isFlooded) {
      const seconds = (WINDOW * LOOK_EVERY_MS) / 1_000;
      const summary = `${address} floods ${node}: ${count} messages and connections in ${seconds} s that proved nothing`;
      await alerts.raise({ key: `flood|${node}|${clock.wall()}`, kind: 'flood', subject: node, summary });
    } else {
      await alerts.closeAlert?.({ kind: 'flood', subject: node }, 'it is over');
    }
    this.#told = isFlooded;
  }
}
