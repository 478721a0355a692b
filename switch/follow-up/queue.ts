import { EventEmitter } from 'node:events';
import { type JobHelpers, type Runner, run, type WorkerEvents } from 'graphile-worker';
import { Pool } from 'pg';
import type { Clock, Log, Timer } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { workerLogger } from '../database/worker-logger.ts';
import type { TransactionId } from '../journal/journal.ts';
import { HeldJob } from './queue-job.ts';

export interface FollowUpJob {
  readonly transaction: TransactionId;
  /** 1 at first. */
  readonly attempt: number;
  readonly lane: string;
}

/** `retryAfterMs`: again, as the next attempt. `park`: the reason for which people must look at it. */
export type FollowUpResult =
  | { readonly done: true }
  | { readonly retryAfterMs: number }
  | { readonly park: string };

export interface FollowUpWorkerSettings {
  readonly databaseUrl: string;
  /** By name. A follow-up without a task here waits for a node that has one. */
  readonly tasks: Readonly<Record<string, (job: FollowUpJob) => Promise<FollowUpResult>>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Follow-ups that run at once. */
  readonly concurrency: number;
  /** Of these, how many may be of one lane: a slow link leaves room for the others. Half where absent. */
  readonly laneConcurrency?: number;
  /** How often it looks for what has become due, in milliseconds. New follow-ups are announced and start at once. */
  readonly pollMs?: number;
  /** After this silence of a worker others take its jobs, in milliseconds. */
  readonly leaseMs?: number;
}

const STATEMENT_MS = 5_000;
const STOP_WITHIN_MS = 10_000;
const RESTART_DELAYS_MS = [100, 500, 2_000, 5_000];
/** Another look when the lane is full, or an earlier follow-up of the transaction is at work. */
const NEXT_LOOK_MS = 100;
/** A job that was begun so often and never ended takes its worker along each time. */
const MAX_STARTS = 10;
/** Attempts of a task that throws; its own retries are its own affair. */
const MAX_THROWING_ATTEMPTS = 50;
const FIRST_THROW_DELAY_MS = 1_000;
const MAX_THROW_DELAY_MS = 60_000;

/**
 * Works on follow-ups until stopped: at least once each, in the order of their positions within a transaction and lane.
 * None is dropped: one ends done, or parked. While the database is away it keeps trying.
 */
export function startFollowUpWorker(settings: FollowUpWorkerSettings): Promise<FollowUpWorker> {
  return Promise.resolve(new FollowUpWorker(settings));
}

export class FollowUpWorker {
  readonly #settings: FollowUpWorkerSettings;
  readonly #pgPool: Pool;
  readonly #leaseMs: number;
  readonly #laneConcurrency: number;
  readonly #activeByLane = new Map<string, number>();
  readonly #finished: Promise<void>;
  #runner: Runner | undefined;
  #workerPool: string | undefined;
  #isRegistered = false;
  #renewTimer: Timer | undefined;
  #stopping = Promise.withResolvers<void>();
  #isStopping = false;

  constructor(settings: FollowUpWorkerSettings) {
    const { databaseUrl, concurrency, log } = settings;
    this.#settings = settings;
    this.#leaseMs = settings.leaseMs ?? 15_000;
    this.#laneConcurrency = settings.laneConcurrency ?? Math.ceil(concurrency / 2);
    this.#pgPool = new Pool({
      ...switchConnection(databaseUrl, 'etika-follow-up', STATEMENT_MS),
      max: concurrency + 3, // one listens, one renews, one completes
    });
    const logLoss = (error: Error) => log.warn({ event: 'follow-up.connection', err: error });
    this.#pgPool.on('error', logLoss);
    this.#pgPool.on('connect', (client) => client.on('error', logLoss));
    this.#finished = this.#keepRunning();
  }

  /** Begins nothing more, and waits for what runs, up to 10 seconds: what runs then is begun again elsewhere. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopping.resolve();
    this.#renewTimer?.cancel();
    await this.#within(STOP_WITHIN_MS, Promise.all([this.#runner?.stop().catch(() => {}), this.#finished]));
    if (this.#workerPool) await this.#retire(this.#workerPool);
    await this.#within(STATEMENT_MS, this.#pgPool.end());
  }

  async #keepRunning(): Promise<void> {
    for (let failures = 0; !this.#isStopping; failures += 1) {
      const startedAt = this.#settings.clock.monotonic();
      try {
        this.#runner = await this.#startRunner();
        if (this.#isStopping) await this.#runner.stop();
        await this.#runner.promise;
      } catch (error) {
        this.#settings.log.error({ event: 'follow-up.failed', err: error });
      }
      this.#renewTimer?.cancel();
      if (this.#isStopping) return;
      if (this.#settings.clock.monotonic() - startedAt > 60_000) failures = 0;
      const delayMs = RESTART_DELAYS_MS[Math.min(failures, RESTART_DELAYS_MS.length - 1)] ?? 0;
      this.#settings.log.warn({ event: 'follow-up.restart', delayMs });
      await this.#within(delayMs, this.#stopping.promise);
    }
  }

  #startRunner(): Promise<Runner> {
    const { tasks, concurrency, log, pollMs } = this.#settings;
    const events: WorkerEvents = new EventEmitter();
    events.on('pool:create', ({ workerPool }) => {
      this.#workerPool = workerPool.id;
      this.#isRegistered = false;
    });
    const taskList = Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [
        name,
        (payload: unknown, helpers: JobHelpers) =>
          this.#handle(new HeldJob(payload, helpers.job, this.#pgPool), task),
      ]),
    );
    return run({
      pgPool: this.#pgPool,
      taskList,
      events,
      concurrency,
      logger: workerLogger(log),
      pollInterval: pollMs ?? 500,
      noHandleSignals: true,
      forbiddenFlags: () => this.#lanesToSkip(),
      // Batches, because only they try again when the database is away as a job is completed.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    });
  }

  /** Asked before a job is taken; none is until the others can tell that this worker lives. */
  async #lanesToSkip(): Promise<string[]> {
    if (!this.#isRegistered) await this.#register();
    return [...this.#activeByLane]
      .filter(([, active]) => active >= this.#laneConcurrency)
      .map(([lane]) => lane);
  }

  async #register(): Promise<void> {
    await this.#pgPool.query('select switch.renew_worker($1, $2)', [this.#workerPool, this.#leaseMs]);
    this.#isRegistered = true;
    this.#renewTimer?.cancel();
    this.#renewTimer = this.#settings.clock.after(this.#leaseMs / 4, () => {
      if (this.#isStopping) return;
      this.#isRegistered = false;
      this.#register().catch((error) => {
        this.#settings.log.warn({ event: 'follow-up.renewal-failed', err: error });
      });
    });
  }

  async #retire(workerPool: string): Promise<void> {
    await this.#pgPool.query('select switch.retire_worker($1)', [workerPool]).catch((error) => {
      this.#settings.log.warn({ event: 'follow-up.retire-failed', err: error }); // its lease expires instead
    });
  }

  async #handle(held: HeldJob, task: (job: FollowUpJob) => Promise<FollowUpResult>): Promise<void> {
    const { lane } = held.job;
    if (held.starts > MAX_STARTS) return this.#park(held, `begun ${held.starts - 1} times and never ended`);
    const active = this.#activeByLane.get(lane) ?? 0;
    if (active >= this.#laneConcurrency) return held.postpone(held.job.attempt, NEXT_LOOK_MS);
    this.#activeByLane.set(lane, active + 1);
    try {
      const before = await held.before();
      if (before?.isParked) return await this.#park(held, `behind parked follow-up ${before.position}`);
      if (before) return await held.postpone(held.job.attempt, Math.max(before.dueInMs, NEXT_LOOK_MS));
      await this.#conclude(held, await this.#attempt(held, task));
    } finally {
      const left = (this.#activeByLane.get(lane) ?? 1) - 1;
      if (left === 0) this.#activeByLane.delete(lane);
      else this.#activeByLane.set(lane, left);
    }
  }

  async #attempt(
    held: HeldJob,
    task: (job: FollowUpJob) => Promise<FollowUpResult>,
  ): Promise<FollowUpResult> {
    const { job } = held;
    try {
      const result = await task(job);
      if (!('retryAfterMs' in result) || Number.isFinite(result.retryAfterMs)) return result;
      throw new TypeError(`the task ${held.task} returned no number for retryAfterMs`);
    } catch (error) {
      this.#settings.log.error({ event: 'follow-up.threw', task: held.task, ...job, err: error });
      if (job.attempt >= MAX_THROWING_ATTEMPTS) return { park: `threw at attempt ${job.attempt}` };
      const delayMs = FIRST_THROW_DELAY_MS * 2 ** Math.min(job.attempt - 1, 20);
      return { retryAfterMs: Math.min(delayMs, MAX_THROW_DELAY_MS) };
    }
  }

  async #conclude(held: HeldJob, result: FollowUpResult): Promise<void> {
    if ('park' in result) await this.#park(held, result.park);
    else if ('retryAfterMs' in result) {
      await held.postpone(held.job.attempt + 1, Math.max(0, result.retryAfterMs));
    }
  }

  async #park(held: HeldJob, reason: string): Promise<void> {
    await held.park(reason);
    this.#settings.log.error({ event: 'follow-up.parked', task: held.task, ...held.job, reason });
  }

  async #within(limitMs: number, work: Promise<unknown>): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const timer = this.#settings.clock.after(limitMs, limit.resolve);
    await Promise.race([work, limit.promise]);
    timer.cancel();
  }
}
