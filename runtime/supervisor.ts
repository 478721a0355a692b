import { type ChildProcess, fork } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import type { Clock, Monotonic, Timer } from './clock.ts';
import type { Log } from './log.ts';
import type { ReadyDetails, ReadyMessage } from './service.ts';

export interface ServicePlan {
  /** How logs and errors name it. */
  name: string;
  /** Path of the module that is its entry point. */
  entry: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Where its standard error (its log) goes: a file descriptor, or 'inherit'. */
  logTo?: number | 'inherit';
  /** A start that has not announced itself by then has failed; absent: two minutes, since a starved machine is slow. */
  readyWithinMs?: number;
  /** Waits before each restart in a row, the last one repeating; a service ready for a minute starts anew. */
  restartDelaysMs?: readonly number[];
  /** Its scheduling priority below ours, 1 to 19: set before it makes its threads, which inherit it. */
  niceness?: number;
  /** Exit codes after which a restart is pointless (a wrong PIN stays wrong). */
  finalExitCodes?: readonly number[];
}

export interface SupervisedService {
  readonly name: string;
  /** The running process, absent between two runs. */
  pid(): number | undefined;
  /** Resolves at the next (or present) readiness; rejects if the service gave up. */
  ready(): Promise<ReadyDetails>;
  /** How often it was started again. */
  restarts(): number;
  /** SIGTERM, then SIGKILL after `graceMs`. No restart follows. */
  stop(graceMs?: number): Promise<void>;
}

const LOWEST_PRIORITY = 19;
const READY_WITHIN_MS = 120_000;
const HEALTHY_AFTER_MS = 60_000;
const DEFAULT_RESTART_DELAYS_MS = [50, 200, 1_000, 5_000];

/** Starts a service as a process of its own and starts it again whenever it dies. */
export function supervise(plan: ServicePlan, clock: Clock, log: Log): SupervisedService {
  return new Supervisor(plan, clock, log);
}

class Supervisor implements SupervisedService {
  readonly name: string;
  readonly #plan: ServicePlan;
  readonly #clock: Clock;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  #readiness = Promise.withResolvers<ReadyDetails>();
  /** Of the running process; absent until it has announced itself. */
  #readyAt: Monotonic | undefined;
  #failuresInARow = 0;
  #restarts = 0;
  #isStopping = false;
  #restartTimer: Timer | undefined;

  constructor(plan: ServicePlan, clock: Clock, log: Log) {
    this.name = plan.name;
    this.#plan = plan;
    this.#clock = clock;
    this.#log = log;
    this.#readiness.promise.catch(() => {});
    this.#start();
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  ready(): Promise<ReadyDetails> {
    return this.#readiness.promise;
  }

  restarts(): number {
    return this.#restarts;
  }

  async stop(graceMs = 5_000): Promise<void> {
    this.#isStopping = true;
    this.#restartTimer?.cancel();
    const running = this.#child;
    if (!running || running.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => running.once('exit', () => resolve()));
    running.kill('SIGTERM');
    const force = this.#clock.after(graceMs, () => running.kill('SIGKILL'));
    await gone;
    force.cancel();
  }

  #start(): void {
    const { entry, args, env, logTo, readyWithinMs } = this.#plan;
    const child = fork(entry, args ?? [], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', logTo ?? 'inherit', 'ipc'],
    });
    this.#standBack(child);
    const patience = this.#clock.after(readyWithinMs ?? READY_WITHIN_MS, () => child.kill('SIGKILL'));
    this.#child = child;
    child.on('message', (message: ReadyMessage) => {
      if (!message.ready) return;
      patience.cancel();
      this.#readyAt = this.#clock.monotonic();
      this.#readiness.resolve(message.ready);
    });
    child.once('exit', (code, signal) => {
      patience.cancel();
      this.#exited(code, signal);
    });
  }

  #standBack({ pid }: ChildProcess): void {
    const { niceness, name } = this.#plan;
    if (niceness === undefined || pid === undefined) return;
    try {
      setPriority(pid, Math.min(getPriority() + niceness, LOWEST_PRIORITY));
    } catch (error) {
      this.#log.warn({ event: 'service.priority', service: name, err: error });
    }
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const { name, finalExitCodes } = this.#plan;
    const readyAt = this.#readyAt;
    this.#child = undefined;
    this.#readyAt = undefined;
    if (this.#isStopping) return;
    if (readyAt !== undefined) this.#readiness = Promise.withResolvers();
    this.#readiness.promise.catch(() => {});
    if (code !== null && finalExitCodes?.includes(code)) {
      this.#log.error({ event: 'service.gave-up', service: name, code }, 'service stopped for good');
      this.#readiness.reject(new Error(`${name} stopped for good with exit code ${code}`));
      return;
    }
    const wasHealthy = readyAt !== undefined && this.#clock.monotonic() - readyAt > HEALTHY_AFTER_MS;
    this.#failuresInARow = wasHealthy ? 1 : this.#failuresInARow + 1;
    const delayMs = this.#restartDelayMs();
    this.#log.warn({ event: 'service.exited', service: name, code, signal, delayMs }, 'service exited');
    this.#restartTimer = this.#clock.after(delayMs, () => {
      this.#restarts += 1;
      this.#start();
    });
  }

  #restartDelayMs(): number {
    const delays = this.#plan.restartDelaysMs ?? DEFAULT_RESTART_DELAYS_MS;
    return delays[Math.min(this.#failuresInARow, delays.length) - 1] ?? 0;
  }
}
