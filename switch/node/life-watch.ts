import { type Clock, explain, type Log, type Monotonic, type Timer } from '../../runtime/index.ts';
import type { AlertBook } from '../fallback/alerts.ts';
import type { Lives } from './life-records.ts';

export interface LifeWatchParts {
  readonly records: { read(process: string): Promise<Lives>; close(): Promise<void> };
  /** Its own name: a node's, or a worker's. */
  readonly process: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts: AlertBook;
}

const LOOK_EVERY_MS = 2_500;
/** Who has been up for so long is well again. */
const WELL_AFTER_MS = 10_000;

/**
 * Tells people that a process of the system died. Who is started again says it of its own life before, since that is
 * over before anybody else could notice: payments were in flight, and somebody killed it or it has a fault. Who is not
 * started again is told of by all others that live. Either is one alert of that process, which it closes itself once it
 * has been up for ten seconds; what dies again and again is one outage. The supervisor was rejected as the one who
 * tells: in production it is the init system's, and where the machine is gone it is gone as well.
 */
export class LifeWatch {
  readonly #parts: LifeWatchParts;
  readonly #since: Monotonic;
  /** Lives of others of which people were told that they ended. */
  readonly #toldOf = new Set<string>();
  #isOwnTold = false;
  #isWell = false;
  #isFailing = false;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: LifeWatchParts) {
    this.#parts = parts;
    this.#since = parts.clock.monotonic();
    this.#timer = parts.clock.after(0, () => void this.#look());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#parts.records.close();
  }

  async #look(): Promise<void> {
    const { records, process, clock, log } = this.#parts;
    try {
      const lives = await records.read(process);
      if (!this.#isWell) await this.#tellOfItself(lives);
      for (const gone of lives.gone) await this.#tellOf(gone);
      this.#isFailing = false;
    } catch (error) {
      // The database is away, which the journal says louder.
      if (!this.#isFailing) log.warn({ event: 'life.not-looked-at', reason: explain(error) });
      this.#isFailing = true;
    }
    if (!this.#isClosed) this.#timer = clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  async #tellOfItself({ hasDied }: Lives): Promise<void> {
    const { alerts, clock, process } = this.#parts;
    const hasLivedMs = clock.monotonic() - this.#since;
    if (hasDied && !this.#isOwnTold) {
      const why = 'its life before ended without a word: it was killed, crashed, or another took its name';
      await this.#raise(process, `${process} died and was started again; ${why}`);
      this.#isOwnTold = true;
    }
    if (hasDied && hasLivedMs < WELL_AFTER_MS) return;

    await alerts.closeAlert?.({ kind: 'process-died', subject: process }, `${process} is up`);
    this.#isWell = true;
  }

  async #tellOf({ process, epoch, silentMs }: Lives['gone'][number]): Promise<void> {
    const life = `${process}|${epoch}`;
    if (this.#toldOf.has(life)) return;
    const silent = `no sign of life for ${Math.round(silentMs / 1_000)} s`;
    await this.#raise(process, `${process} died, and nobody has started it again: ${silent}`);
    this.#toldOf.add(life);
  }

  async #raise(subject: string, summary: string): Promise<void> {
    const { alerts, clock, log, process } = this.#parts;
    const key = `process-died|${subject}|${process}|${clock.wall()}`;
    await alerts.raise({ key, kind: 'process-died', subject, summary });
    log.error({ event: 'life.process-died', process: subject, reason: summary });
  }
}
