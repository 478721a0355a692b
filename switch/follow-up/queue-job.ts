import type { Job } from 'graphile-worker';
import type { Pool } from 'pg';
import { waitsBehind } from './queue-order.ts';
import type { PostponedJobs } from './queue-postponed.ts';
import type { FollowUpJob } from './queue-task.ts';

interface Payload {
  readonly transaction: string;
  readonly lane: string;
  readonly attempt: number;
  readonly position: number;
  /** Others of its transaction and lane may have to end first. */
  readonly behind: boolean;
  /** How often in a row its task threw; absent where it did not. */
  readonly throws?: number;
}

const BEFORE = {
  name: 'follow-up-before',
  text: 'select before, parked, due_in_ms from switch.follow_up_before($1, $2, $3, $4, $5)',
};
const PARK = { name: 'park-follow-up', text: 'select switch.park_follow_up($1, $2, $3, $4) as ours' };

/** Where a job goes back to. */
export interface HeldJobPorts {
  readonly pool: Pool;
  readonly postponed: PostponedJobs;
}

/** A job of graphile-worker that one of our workers has taken. */
export class HeldJob {
  readonly job: FollowUpJob;
  readonly task: string;
  /** How often it was begun since it was queued, this time included. */
  readonly starts: number;
  readonly #payload: Payload;
  readonly #row: Job;
  readonly #ports: HeldJobPorts;

  /** @throws TypeError where the payload is not one that the journal queued */
  constructor(task: string, payload: unknown, row: Job, ports: HeldJobPorts) {
    this.#payload = checkPayload(payload);
    const { transaction, attempt, lane } = this.#payload;
    this.job = { transaction, attempt, lane, ...(row.attempts > 1 && { isRestarted: true }) };
    this.task = task;
    this.starts = row.attempts;
    this.#row = row;
    this.#ports = ports;
  }

  /** The follow-up that has to end before this one. */
  async before(): Promise<{ position: number; isParked: boolean; dueInMs: number } | undefined> {
    const { transaction, lane, position, behind } = this.#payload;
    if (!behind) return undefined;
    const behindParked = waitsBehind(this.task);
    const { rows } = await this.#ports.pool.query<{ before: string; parked: boolean; due_in_ms: number }>({
      ...BEFORE,
      values: [
        transaction,
        lane,
        position,
        behindParked === 'all',
        behindParked === 'all' ? [] : behindParked,
      ],
    });
    const row = rows[0];
    return row && { position: Number(row.before), isParked: row.parked, dueInMs: row.due_in_ms };
  }

  /** How often in a row its task threw before this attempt. */
  get throws(): number {
    return this.#payload.throws ?? 0;
  }

  /** Puts it back, due later. @throws Error where another worker has it by now */
  async postpone(attempt: number, delayMs: number, throws = 0): Promise<void> {
    const { id, locked_by: lockedBy } = this.#row;
    const { throws: _, ...rest } = this.#payload;
    const payload = JSON.stringify({ ...rest, attempt, ...(throws > 0 && { throws }) });
    const isOurs = lockedBy !== null && (await this.#ports.postponed.put({ id, lockedBy, payload, delayMs }));
    if (!isOurs) throw this.#lost();
  }

  /** Takes it out of the queue, to where people see it. @throws Error where another worker has it by now */
  async park(reason: string): Promise<void> {
    const values = [this.#row.id, this.#row.locked_by, this.task, reason];
    const { rows } = await this.#ports.pool.query<{ ours: boolean }>({ ...PARK, values });
    if (!rows[0]?.ours) throw this.#lost();
  }

  #lost(): Error {
    return new Error(`job ${this.#row.id} is no longer held by this worker`);
  }
}

function checkPayload(payload: unknown): Payload {
  const { transaction, lane, attempt, position, behind, throws } = (payload ?? {}) as Record<string, unknown>;
  if (
    typeof transaction !== 'string' ||
    typeof lane !== 'string' ||
    typeof attempt !== 'number' ||
    typeof position !== 'number' ||
    typeof behind !== 'boolean'
  ) {
    throw new TypeError('the payload of the job is not that of a follow-up');
  }
  return { transaction, lane, attempt, position, behind, ...(typeof throws === 'number' && { throws }) };
}
