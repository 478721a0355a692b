import type { Pool } from 'pg';
import { type Clock, delay, type Monotonic } from '../../runtime/index.ts';
import { PROJECTION_WANTED } from './projector.ts';

/** Up to which sequence each epoch is, or is to be, taken into account. */
export type Reached = Readonly<Record<string, number>>;

/** Those who wait at once; more are told that it is not reached. */
const MOST_WAITING = 1_000;
const LOOK_AGAIN_MS = 15;

/** The last committed entry of every epoch that the projection has not finished with. */
const COMMITTED = `
  select coalesce(json_object_agg(l.epoch, coalesce((
      select j.sequence from switch.journal j where j.epoch = l.epoch order by j.sequence desc limit 1), 0)), '{}') as epochs
    from switch.lease l left join switch.projection_cursor c using (epoch) where c.is_finished is not true`;
const CURSORS = `
  select coalesce(json_object_agg(c.epoch, c.sequence), '{}') as epochs
    from switch.projection_cursor c where c.epoch = any ($1::bigint[])`;

interface Waiting {
  readonly wanted: readonly (readonly [epoch: string, sequence: number])[];
  readonly deadline: Monotonic;
  readonly resolve: (isReached: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Waits until the projection has read what was committed. One look serves all who wait, however many terminals settle
 * in the same minute: each used to look for itself, and a hundred of them kept both connections busy.
 */
export class ReachWatch {
  readonly #pool: Pick<Pool, 'query'>;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  /** The next question of what is committed, for all who come before it is asked. */
  #asking: Promise<Reached> | undefined;
  #asked: Promise<unknown> = Promise.resolve();
  #isLooking = false;
  /** Somebody came of whom the projector has not been told. */
  #isNew = false;

  constructor(pool: Pick<Pool, 'query'>, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /**
   * Waits until everything that was committed before the call is projected.
   * @returns whether it was, before the deadline
   */
  async reach(deadline: Monotonic): Promise<boolean> {
    const epochs = await this.#committed();
    if (this.#waiting.size >= MOST_WAITING) return false;
    return new Promise((resolve, reject) => {
      this.#waiting.add({ wanted: Object.entries(epochs), deadline, resolve, reject });
      this.#isNew = true;
      if (!this.#isLooking) void this.#look();
    });
  }

  /** A question that is under way may have been answered before the call: the next one is not. */
  #committed(): Promise<Reached> {
    this.#asking ??= this.#asked
      .catch(() => {})
      .then(() => {
        this.#asking = undefined;
        const asked = this.#epochs(COMMITTED, []);
        this.#asked = asked;
        return asked;
      });
    return this.#asking;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    try {
      for (await this.#tell(); this.#waiting.size > 0; await this.#tell()) {
        if (this.#isNew) await this.#pool.query('select pg_notify($1, $2)', [PROJECTION_WANTED, '']);
        this.#isNew = false;
        await delay(this.#clock, LOOK_AGAIN_MS);
      }
    } catch (error) {
      for (const { reject } of this.#waiting) reject(error);
      this.#waiting.clear();
    } finally {
      this.#isLooking = false;
    }
  }

  async #tell(): Promise<void> {
    const asked = [...this.#waiting];
    const epochs = new Set(asked.flatMap(({ wanted }) => wanted.map(([epoch]) => epoch)));
    const reached = await this.#epochs(CURSORS, [[...epochs]]);
    const now = this.#clock.monotonic();
    for (const waiting of asked) {
      const isReached = waiting.wanted.every(([epoch, sequence]) => (reached[epoch] ?? 0) >= sequence);
      if (!isReached && now < waiting.deadline) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(isReached);
    }
  }

  async #epochs(text: string, values: readonly unknown[]): Promise<Reached> {
    const { rows } = await this.#pool.query<{ epochs: Reached }>(text, [...values]);
    return rows[0]?.epochs ?? {};
  }
}
