import type { Log } from '../../runtime/index.ts';
import type { FollowUpJob, FollowUpResult } from '../../switch/follow-up/queue.ts';
import { afterThrow } from '../../switch/follow-up/queue-throws.ts';
import type { Database, DatabaseConnection } from './database.ts';
import type { Job } from './database-tables.ts';
import type { SimProcess } from './sim-process.ts';

export interface QueuePlan {
  readonly tasks: Readonly<Record<string, (job: FollowUpJob) => Promise<FollowUpResult>>>;
  readonly log: Log;
  /** Follow-ups of one lane that run at once. */
  readonly concurrency: number;
}

const NEXT_LOOK_MS = 100;
const POLL_MS = 500;
const STATEMENT_MS = 5_000;
/** After this silence of a worker its jobs are given to others. */
const LEASE_MS = 15_000;
const MAX_STARTS = 10;

/**
 * Works on the follow-ups in the database with the contract of `switch/follow-up/queue.ts`: at least once each, in
 * order within a transaction and lane, each ending done or parked. A worker that dies holds its jobs until its lease
 * is over; one that was paused learns that they are no longer its own.
 */
export class SimFollowUpWorker {
  readonly #database: Database;
  readonly #process: SimProcess;
  readonly #plan: QueuePlan;
  readonly #activeByLane = new Map<string, number>();
  /** Positions of the jobs at work. */
  readonly #inHand = new Set<number>();
  readonly #onCommit = () => {
    if (this.#database.tables.jobs.size > 0) this.#wake(0.5);
  };
  #active = 0;
  #isTaking = false;
  #isStopped = false;
  #wakesAt = Number.POSITIVE_INFINITY;
  #whenIdle: (() => void) | undefined;

  constructor(database: Database, process: SimProcess, plan: QueuePlan) {
    this.#database = database;
    this.#process = process;
    this.#plan = plan;
    database.onCommit.add(this.#onCommit);
    process.onDeath(() => database.onCommit.delete(this.#onCommit));
    this.#wake(0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#database.onCommit.delete(this.#onCommit);
    if (this.#active > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  /** Looks for work in `delayMs`, unless it will earlier. */
  #wake(delayMs: number): void {
    if (this.#isStopped || this.#process.isDead || this.#isTaking) return;
    const at = this.#process.world.now + delayMs;
    if (at >= this.#wakesAt) return;
    this.#wakesAt = at;
    this.#process.clock.after(delayMs, () => {
      if (this.#wakesAt !== at) return;
      this.#wakesAt = Number.POSITIVE_INFINITY;
      void this.#takeAll();
    });
  }

  async #takeAll(): Promise<void> {
    if (this.#isTaking || this.#isStopped) return;
    const dueInMs = this.#nextDueInMs();
    if (dueInMs === undefined) return;
    if (dueInMs > 0) return this.#wake(Math.max(1, dueInMs));
    this.#isTaking = true;
    let taken: Job | undefined;
    const isReached = await this.#statement('take', () => {
      taken = this.#take();
    });
    this.#isTaking = false;
    if (taken) void this.#work(taken);
    this.#wake(isReached ? 0.5 : POLL_MS);
  }

  /** Of what it could work on: when the first is due; the database's own clock decides. */
  #nextDueInMs(): number | undefined {
    let first: number | undefined;
    for (const job of this.#database.tables.jobs.values()) {
      if (!this.#isServed(job)) continue;
      const at = this.#freeAt(job);
      if (first === undefined || at < first) first = at;
    }
    return first === undefined || first === Number.POSITIVE_INFINITY
      ? undefined
      : Math.max(0, first - this.#process.world.now);
  }

  /** A job taken by an answer that never came is in nobody's hands: whoever holds it takes it again. */
  #freeAt({ heldBy, runAt, position }: Job): number {
    if (!heldBy) return runAt;
    if (heldBy === this.#process) return this.#inHand.has(position) ? Number.POSITIVE_INFINITY : runAt;
    const { silentSince } = heldBy;
    return silentSince === undefined ? Number.POSITIVE_INFINITY : silentSince + LEASE_MS;
  }

  #isServed({ task, lane }: Job): boolean {
    return task in this.#plan.tasks && (this.#activeByLane.get(lane) ?? 0) < this.#plan.concurrency;
  }

  #take(): Job | undefined {
    const { now } = this.#process.world;
    for (const job of this.#database.tables.jobs.values()) {
      if (this.#freeAt(job) > now || !this.#isServed(job)) continue;
      job.heldBy = this.#process;
      job.starts += 1;
      return job;
    }
    return undefined;
  }

  async #work(job: Job): Promise<void> {
    this.#active += 1;
    this.#inHand.add(job.position);
    this.#activeByLane.set(job.lane, (this.#activeByLane.get(job.lane) ?? 0) + 1);
    await this.#handle(job);
    this.#active -= 1;
    this.#inHand.delete(job.position);
    this.#activeByLane.set(job.lane, (this.#activeByLane.get(job.lane) ?? 1) - 1);
    if (this.#active === 0) this.#whenIdle?.();
    this.#wake(0);
  }

  async #handle(job: Job): Promise<void> {
    const { tables } = this.#database;
    if (job.starts > MAX_STARTS) return this.#conclude(job, { park: `begun ${MAX_STARTS} times` });
    const before = tables.before(job);
    if (before?.isParked) return this.#conclude(job, { park: `behind parked follow-up ${before.position}` });
    if (before) return this.#postpone(job, job.attempt, Math.max(before.dueInMs, NEXT_LOOK_MS));
    const { transaction, attempt, lane } = job;
    const begun = { transaction, attempt, lane, isRestarted: job.starts > 1 };
    await this.#conclude(job, await this.#attempt(job, begun));
  }

  async #attempt(held: Job, job: FollowUpJob): Promise<FollowUpResult> {
    try {
      const task = this.#plan.tasks[held.task];
      if (!task) throw new TypeError(`there is no task ${held.task}`);
      const result = await task(job);
      held.throws = 0;
      return result;
    } catch (error) {
      this.#plan.log.error({ event: 'follow-up.threw', task: held.task, ...job, err: error });
      held.throws += 1;
      return afterThrow(held.throws, error);
    }
  }

  #conclude(job: Job, result: FollowUpResult): Promise<void> {
    if ('retryAfterMs' in result) return this.#postpone(job, job.attempt + 1, result.retryAfterMs);
    return this.#giveUp('conclude', job, ({ jobs, parked }) => {
      jobs.delete(job.position);
      if ('park' in result) parked.push({ job, reason: result.park });
    });
  }

  #postpone(job: Job, attempt: number, delayMs: number): Promise<void> {
    return this.#giveUp('postpone', job, ({ jobs }) => {
      const runAt = this.#process.world.now + Math.max(0, delayMs);
      jobs.set(job.position, { ...job, attempt, runAt, starts: 0, heldBy: undefined });
    });
  }

  /** Tries until the database is back; nothing happens where another worker has the job by now. */
  async #giveUp(label: string, job: Job, change: (tables: Database['tables']) => void): Promise<void> {
    const { tables } = this.#database;
    const isDone = () =>
      this.#statement(label, () => {
        const isOurs = tables.jobs.get(job.position) === job && job.heldBy === this.#process;
        if (isOurs) change(tables);
      });
    while (!(await isDone())) {
      await new Promise<void>((resolve) => this.#process.clock.after(POLL_MS, resolve));
    }
  }

  async #statement(label: string, work: () => void): Promise<boolean> {
    const connection: DatabaseConnection = this.#database.connect(this.#process, STATEMENT_MS);
    try {
      await connection.write(label, work);
      return true;
    } catch {
      return false;
    } finally {
      connection.close();
    }
  }
}
