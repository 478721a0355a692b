import { EventEmitter } from 'node:events';
import { type JobHelpers, type Runner, run, type WorkerEvents } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Clock, Log, Monotonic, Timer } from '../../runtime/index.ts';
import { workerLogger } from '../database/worker-logger.ts';
import { HeldJob } from './queue-job.ts';
import type { PostponedJobs } from './queue-postponed.ts';
import type { FollowUpResult, FollowUpTask } from './queue-task.ts';
import { afterThrow } from './queue-throws.ts';

export interface LaneSettings {
  readonly pgPool: Pool;
  readonly postponed: PostponedJobs;
  readonly tasks: Readonly<Record<string, FollowUpTask>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Follow-ups that run at once. */
  readonly concurrency: number;
  readonly pollMs: number;
  /** A lane that gave no sign for so long is rebuilt, and nobody vouches for its jobs any more. */
  readonly silentMs: number;
  /** Called as soon as the lane has a new pool of workers, whose name `pool` is then. */
  readonly onPool: () => void;
}

/** One connection fetches for all workers of a lane: there need not be one for each. */
const POOL_SIZE_WARNING = 'WARNING: having maxPoolSize';
/** How often it is looked whether a lane is silent, in the time after which it is. */
const LOOKS_IN_SILENCE = 4;
const RESTART_DELAYS_MS = [100, 500, 2_000, 5_000];
/** Another look when an earlier follow-up of the transaction is at work. */
const NEXT_LOOK_MS = 100;
/** Jobs that end within this time are deleted together. */
const COMPLETE_TOGETHER_MS = 5;
/** A job that was begun so often and never ended takes its worker along each time. */
const MAX_STARTS = 20;

/** How an attempt ended, and how often in a row it threw. */
type Ended = FollowUpResult & { readonly throws?: number };

/**
 * Works on the follow-ups of one lane: a pool of graphile-worker, started anew whenever it fails. A pool whose
 * database was away for long may end itself without ever saying so; so what counts is not what it says but whether it
 * fetches. One that has neither fetched nor begun nor ended anything for a while is given up, and another one takes
 * its place.
 */
export class LaneWorker {
  readonly #lane: string;
  readonly #settings: LaneSettings;
  readonly #finished: Promise<void>;
  readonly #stopping = Promise.withResolvers<void>();
  #runner: Runner | undefined;
  #pool: string | undefined;
  #lastSignAt: Monotonic;
  #isStopping = false;

  constructor(lane: string, settings: LaneSettings) {
    this.#lane = lane;
    this.#settings = settings;
    this.#lastSignAt = settings.clock.monotonic();
    this.#finished = this.#keepRunning();
  }

  /**
   * The name under which graphile-worker's tables know the workers of this lane, while they live: whoever does not
   * fetch is not vouched for, so that another process frees what it holds.
   */
  get pool(): string | undefined {
    return this.#isSilent() ? undefined : this.#pool;
  }

  /** Begins nothing more, and waits for what runs. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopping.resolve();
    await Promise.all([this.#runner?.stop().catch(() => {}), this.#finished]);
  }

  #sign(): void {
    this.#lastSignAt = this.#settings.clock.monotonic();
  }

  #isSilent(): boolean {
    return this.#settings.clock.monotonic() - this.#lastSignAt >= this.#settings.silentMs;
  }

  async #keepRunning(): Promise<void> {
    const { clock, log } = this.#settings;
    for (let failures = 0; !this.#isStopping; failures += 1) {
      const startedAt = clock.monotonic();
      try {
        this.#runner = await this.#startRunner();
        if (this.#isStopping) await this.#runner.stop();
        await this.#runUntilSilent(this.#runner);
      } catch (error) {
        log.error({ event: 'follow-up.failed', lane: this.#lane, err: error });
      }
      if (this.#isStopping) return;
      if (clock.monotonic() - startedAt > 60_000) failures = 0;
      const delayMs = RESTART_DELAYS_MS[Math.min(failures, RESTART_DELAYS_MS.length - 1)] ?? 0;
      log.warn({ event: 'follow-up.restart', lane: this.#lane, delayMs });
      const waited = Promise.withResolvers<void>();
      const timer = clock.after(delayMs, waited.resolve);
      await Promise.race([waited.promise, this.#stopping.promise]);
      timer.cancel();
    }
  }

  /** Ends with the runner, or without it where it is silent: whatever becomes of it then, it is not waited for. */
  async #runUntilSilent(runner: Runner): Promise<void> {
    const { clock, log, silentMs } = this.#settings;
    const silent = Promise.withResolvers<'silent'>();
    let timer: Timer | undefined;
    const look = () => {
      if (this.#isSilent() && !this.#isStopping) silent.resolve('silent');
      else timer = clock.after(silentMs / LOOKS_IN_SILENCE, look);
    };
    this.#sign();
    look();

    const ended = await Promise.race([runner.promise, silent.promise]).finally(() => timer?.cancel());
    if (ended !== 'silent') return;
    log.error({ event: 'follow-up.silent', lane: this.#lane, pool: this.#pool, silentMs });
    this.#pool = undefined;
    runner.promise.catch(() => {});
    runner.kill('it does not fetch').catch(() => {});
  }

  #startRunner(): Promise<Runner> {
    const { tasks, concurrency, log, pollMs, pgPool, postponed } = this.#settings;
    const ports = { pool: pgPool, postponed };
    const events: WorkerEvents = new EventEmitter();
    events.on('pool:create', ({ workerPool }) => {
      this.#pool = workerPool.id;
      this.#sign();
      this.#settings.onPool();
    });
    events.on('localQueue:getJobs:complete', () => this.#sign());
    const taskList = Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [
        `${name}@${this.#lane}`, // as the journal queues it (migration 5)
        async (payload: unknown, { job }: JobHelpers) => {
          this.#sign();
          await this.#handle(new HeldJob(name, payload, job, ports), task);
          this.#sign();
        },
      ]),
    );
    return run({
      pgPool,
      taskList,
      events,
      concurrency,
      logger: workerLogger(log, [POOL_SIZE_WARNING]),
      pollInterval: pollMs,
      noHandleSignals: true,
      preset: {
        worker: {
          localQueue: { size: concurrency }, // one statement fetches for all workers that wait
          completeJobBatchDelay: COMPLETE_TOGETHER_MS,
          failJobBatchDelay: COMPLETE_TOGETHER_MS,
        },
      },
    });
  }

  async #handle(held: HeldJob, task: FollowUpTask): Promise<void> {
    if (held.starts > MAX_STARTS) return this.#park(held, `begun ${held.starts - 1} times and never ended`);
    const before = await held.before();
    if (before?.isParked) return this.#park(held, `behind parked follow-up ${before.position}`);
    if (before) return held.postpone(held.job.attempt, Math.max(before.dueInMs, NEXT_LOOK_MS));
    await this.#conclude(held, await this.#attempt(held, task));
  }

  async #attempt(held: HeldJob, task: FollowUpTask): Promise<Ended> {
    const { job } = held;
    try {
      const result = await task(job);
      if (!('retryAfterMs' in result) || Number.isFinite(result.retryAfterMs)) return result;
      throw new TypeError(`the task ${held.task} returned no number for retryAfterMs`);
    } catch (error) {
      this.#settings.log.error({ event: 'follow-up.threw', task: held.task, ...job, err: error });
      const throws = held.throws + 1;
      return { ...afterThrow(throws, error), throws };
    }
  }

  async #conclude(held: HeldJob, result: Ended): Promise<void> {
    if ('park' in result) await this.#park(held, result.park);
    else if ('retryAfterMs' in result) {
      await held.postpone(held.job.attempt + 1, Math.max(0, result.retryAfterMs), result.throws);
    }
  }

  async #park(held: HeldJob, reason: string): Promise<void> {
    await held.park(reason);
    this.#settings.log.error({ event: 'follow-up.parked', task: held.task, ...held.job, reason });
  }
}
