import type { Pool } from 'pg';
import type { Clock } from '../../runtime/index.ts';

/** A job that its worker puts back. */
export interface Postponed {
  readonly id: string;
  /** Who holds it. */
  readonly lockedBy: string;
  /** JSON. */
  readonly payload: string;
  readonly delayMs: number;
}

/** Under a new number: graphile-worker deletes the old one as soon as the task returns. */
const POSTPONE = `
  update graphile_worker._private_jobs j
    set id = default, payload = p.payload, run_at = now() + p.delay_ms * interval '1 millisecond', attempts = 0,
      locked_at = null, locked_by = null, updated_at = now()
    from unnest($1::bigint[], $2::text[], $3::json[], $4::double precision[]) as p (id, locked_by, payload, delay_ms)
    where j.id = p.id and j.locked_by = p.locked_by
    returning p.id::text as id`;

/** As long as jobs wait that ended, to be deleted together (`queue-lane.ts`). */
const TOGETHER_MS = 5;
const MAX_SET = 500;

interface Waiting {
  readonly job: Postponed;
  resolve(isOurs: boolean): void;
  reject(error: unknown): void;
}

/** Puts jobs back in sets: those of a few milliseconds in one statement. */
export class PostponedJobs {
  readonly #pool: Pool;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #isDue = false;

  constructor(pool: Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** @returns whether the worker still held it: it is back, due later */
  put(job: Postponed): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#waiting.push({ job, resolve, reject });
    if (!this.#isDue) {
      this.#isDue = true;
      this.#clock.after(TOGETHER_MS, () => this.#putAll());
    }
    return promise;
  }

  #putAll(): void {
    this.#isDue = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += MAX_SET) {
      void this.#putSet(waiting.slice(from, from + MAX_SET));
    }
  }

  async #putSet(set: readonly Waiting[]): Promise<void> {
    try {
      const { rows } = await this.#pool.query<{ id: string }>({
        name: 'postpone-follow-ups',
        text: POSTPONE,
        values: [
          set.map(({ job }) => job.id),
          set.map(({ job }) => job.lockedBy),
          set.map(({ job }) => job.payload),
          set.map(({ job }) => job.delayMs),
        ],
      });
      const put = new Set(rows.map(({ id }) => id));
      for (const { job, resolve } of set) resolve(put.has(String(job.id)));
    } catch (error) {
      for (const { reject } of set) reject(error);
    }
  }
}
