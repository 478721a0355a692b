import { type Log, systemClock, type Timer } from '../../runtime/index.ts';
import { processState } from './data-directory.ts';
import { type PostgresPlan, type RunningPostgres, startPostgres } from './start-postgres.ts';

export interface KeptPostgres extends Omit<RunningPostgres, 'pid'> {
  /** The server that runs now, absent between two runs. */
  pid(): number | undefined;
}

const LOOK_EVERY_MS = 200;
/** Waits before each start again in a row, the last one repeating. */
const AGAIN_AFTER_MS = [50, 500, 2_000, 5_000];

/**
 * A server that is started again whenever it dies, on the same port, as the other processes of a start are. It is
 * looked at by its process, since one that was adopted is no child of ours. @throws Error where the first start fails
 */
export async function keepPostgres(plan: PostgresPlan): Promise<KeptPostgres> {
  const first = await startPostgres(plan);
  const keeper = new Keeper({ ...plan, port: Number(new URL(first.url).port) }, first);
  const { url, socketUrl } = first;
  return {
    url,
    ...(socketUrl && { socketUrl }),
    pid: () => keeper.pid(),
    stop: (eachMs) => keeper.stop(eachMs),
  };
}

class Keeper {
  readonly #plan: PostgresPlan;
  readonly #log: Log;
  #running: RunningPostgres | undefined;
  #timer: Timer | undefined;
  #starting: Promise<void> = Promise.resolve();
  #failuresInARow = 0;
  #isStopping = false;

  constructor(plan: PostgresPlan, running: RunningPostgres) {
    this.#plan = plan;
    this.#log = plan.log;
    this.#running = running;
    this.#lookLater();
  }

  pid(): number | undefined {
    const pid = this.#running?.pid;
    return pid !== undefined && processState(pid) ? pid : undefined;
  }

  async stop(eachMs?: number): Promise<void> {
    this.#isStopping = true;
    this.#timer?.cancel();
    await this.#starting;
    await this.#running?.stop(eachMs);
  }

  #lookLater(delayMs = LOOK_EVERY_MS): void {
    if (this.#isStopping) return;
    this.#timer = systemClock.after(delayMs, () => {
      this.#starting = this.#look();
    });
  }

  async #look(): Promise<void> {
    if (this.pid() !== undefined) {
      this.#lookLater();
      return;
    }
    const died = this.#running?.pid;
    if (died !== undefined) this.#log.warn({ event: 'postgres.died', server: died });
    await this.#startAgain();
  }

  async #startAgain(): Promise<void> {
    try {
      await this.#running?.stop(); // gives the data directory back
      this.#running = undefined;
      this.#running = await startPostgres(this.#plan);
      this.#failuresInARow = 0;
      this.#lookLater();
    } catch (error) {
      const delayMs = AGAIN_AFTER_MS[Math.min(this.#failuresInARow, AGAIN_AFTER_MS.length - 1)] ?? 0;
      this.#failuresInARow += 1;
      this.#log.error({ event: 'postgres.not-started', delayMs, err: error });
      this.#lookLater(delayMs);
    }
  }
}
