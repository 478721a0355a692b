import { Pool } from 'pg';
import { type Clock, LastingTrouble, type Log, type Timer } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { LaneWorker } from './queue-lane.ts';
import { PostponedJobs } from './queue-postponed.ts';
import type { FollowUpJob, FollowUpResult, FollowUpTask } from './queue-task.ts';

export type { FollowUpJob, FollowUpResult, FollowUpTask };

export interface FollowUpWorkerSettings {
  readonly databaseUrl: string;
  /** This node's name: a new process of it takes the jobs of the one before at once. */
  readonly node: string;
  /** By name. A follow-up without a task here waits for a node that has one. */
  readonly tasks: Readonly<Record<string, FollowUpTask>>;
  /** The lanes worked on. Those of other lanes wait for a node that has them. */
  readonly lanes: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Follow-ups of one lane that run at once. */
  readonly concurrency: number;
  /**
   * How often it looks for what has become due, in milliseconds. What is due at once is announced and starts at once,
   * or at the next look, where the last one was a moment ago.
   */
  readonly pollMs?: number;
  /** After this silence of a worker others take its jobs, in milliseconds. */
  readonly leaseMs?: number;
  /** A lane that fetched nothing for so long, nor had anything at work, is rebuilt; in milliseconds. */
  readonly silentMs?: number;
}

const STATEMENT_MS = 5_000;
const STOP_WITHIN_MS = 10_000;
/** For what was put off: of a new follow-up a lane is told. A look costs worker and database a millisecond. */
const DEFAULT_POLL_MS = 500;
const DEFAULT_LEASE_MS = 15_000;
/** Longer than the attempts that may fill a lane, and than a statement takes; half of what may wait unseen. */
const DEFAULT_SILENT_MS = 30_000;

/**
 * Works on follow-ups until stopped: at least once each, in the order of their positions within a transaction and lane.
 * None is dropped: one ends done, or parked. Each lane has workers of its own: a slow one leaves the others alone.
 * While the database is away it keeps trying.
 */
export function startFollowUpWorker(settings: FollowUpWorkerSettings): Promise<FollowUpWorker> {
  return Promise.resolve(new FollowUpWorker(settings));
}

export class FollowUpWorker {
  readonly #settings: FollowUpWorkerSettings;
  readonly #pgPool: Pool;
  readonly #leaseMs: number;
  readonly #renewalFailed: LastingTrouble;
  readonly #lanes: readonly LaneWorker[];
  #renewTimer: Timer | undefined;
  #renewed: Promise<void> = Promise.resolve();
  #isKnown = false;
  #isStopping = false;

  constructor(settings: FollowUpWorkerSettings) {
    const { databaseUrl, lanes, log } = settings;
    this.#settings = settings;
    this.#renewalFailed = new LastingTrouble('follow-up.renewal-failed', settings);
    this.#leaseMs = settings.leaseMs ?? DEFAULT_LEASE_MS;
    this.#pgPool = new Pool({
      ...switchConnection(databaseUrl, 'etika-follow-up', STATEMENT_MS),
      max: 2 * lanes.length + 2, // of each lane one listens and one fetches; all complete, put off, and renew
    });
    const logLoss = (error: Error) => log.warn({ event: 'follow-up.connection', err: error });
    this.#pgPool.on('error', logLoss);
    this.#pgPool.on('connect', (client) => client.on('error', logLoss));
    const around = {
      pgPool: this.#pgPool,
      postponed: new PostponedJobs(this.#pgPool, settings.clock),
      pollMs: settings.pollMs ?? DEFAULT_POLL_MS,
      silentMs: settings.silentMs ?? DEFAULT_SILENT_MS,
      onPool: () => this.#renew(),
    };
    this.#lanes = lanes.map((lane) => new LaneWorker(lane, { ...settings, ...around }));
  }

  /** Begins nothing more, and waits for what runs, up to 10 seconds: what runs then is begun again elsewhere. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#renewTimer?.cancel();
    await this.#within(STOP_WITHIN_MS, Promise.all(this.#lanes.map((lane) => lane.stop())));
    await this.#renewed;
    await this.#tell('select switch.retire_workers($1)', [this.#pools()]); // else their lease expires
    await this.#within(STATEMENT_MS, this.#pgPool.end());
  }

  /** Says that the pools of this process live, and frees what those hold that no longer say so. One at a time. */
  #renew(): void {
    if (this.#isStopping) return;
    this.#renewTimer?.cancel();
    this.#renewTimer = this.#settings.clock.after(this.#leaseMs / 4, () => this.#renew());
    this.#renewed = this.#renewed.then(() => this.#sayAlive());
  }

  async #sayAlive(): Promise<void> {
    const values = [this.#settings.node, this.#pools(), !this.#isKnown, this.#leaseMs];
    if (await this.#tell('select switch.renew_workers($1, $2, $3, $4)', values)) this.#isKnown = true;
  }

  #pools(): string[] {
    return this.#lanes.flatMap(({ pool }) => pool ?? []);
  }

  async #tell(text: string, values: unknown[]): Promise<boolean> {
    try {
      await this.#pgPool.query(text, values);
      this.#renewalFailed.over();
      return true;
    } catch (error) {
      this.#renewalFailed.failed(error);
      return false;
    }
  }

  async #within(limitMs: number, work: Promise<unknown>): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const timer = this.#settings.clock.after(limitMs, limit.resolve);
    await Promise.race([work, limit.promise]);
    timer.cancel();
  }
}
