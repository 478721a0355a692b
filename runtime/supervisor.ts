import { type ChildProcess, fork } from 'node:child_process';
import type { Clock, Timer } from './clock.ts';
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
  /** A start that has not announced itself by then has failed. */
  readyWithinMs?: number;
  /** Waits before each restart in a row, the last one repeating; a service ready for a minute starts anew. */
  restartDelaysMs?: readonly number[];
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

const HEALTHY_AFTER_MS = 60_000;
const DEFAULT_RESTART_DELAYS_MS = [50, 200, 1_000, 5_000];

/** Starts a service as a process of its own and starts it again whenever it dies. */
export function supervise(plan: ServicePlan, clock: Clock, log: Log): SupervisedService {
  const delays = plan.restartDelaysMs ?? DEFAULT_RESTART_DELAYS_MS;
  let child: ChildProcess | undefined;
  let readiness = Promise.withResolvers<ReadyDetails>();
  let isReady = false;
  let readyAt = 0;
  let failuresInARow = 0;
  let restarts = 0;
  let stopping = false;
  let restartTimer: Timer | undefined;
  readiness.promise.catch(() => {});

  const start = () => {
    const startDeadline = clock.after(plan.readyWithinMs ?? 30_000, () => running.kill('SIGKILL'));
    const running = fork(plan.entry, plan.args ?? [], {
      env: { ...process.env, ...plan.env },
      stdio: ['ignore', 'inherit', plan.logTo ?? 'inherit', 'ipc'],
    });
    child = running;
    running.on('message', (message: ReadyMessage) => {
      if (!message.ready) return;
      startDeadline.cancel();
      isReady = true;
      readyAt = clock.monotonic();
      readiness.resolve(message.ready);
    });
    running.once('exit', (code, signal) => {
      startDeadline.cancel();
      if (child === running) exited(code, signal);
    });
  };

  const exited = (code: number | null, signal: NodeJS.Signals | null) => {
    child = undefined;
    const wasReady = isReady;
    isReady = false;
    if (stopping) return;
    if (wasReady) readiness = Promise.withResolvers();
    readiness.promise.catch(() => {});
    if (code !== null && plan.finalExitCodes?.includes(code)) {
      log.error({ event: 'service.gave-up', service: plan.name, code }, 'service stopped for good');
      readiness.reject(new Error(`${plan.name} stopped for good with exit code ${code}`));
      return;
    }
    failuresInARow = wasReady && clock.monotonic() - readyAt > HEALTHY_AFTER_MS ? 0 : failuresInARow + 1;
    const delayMs = delays[Math.min(failuresInARow - 1, delays.length - 1)] ?? 0;
    log.warn({ event: 'service.exited', service: plan.name, code, signal, delayMs }, 'service exited');
    restartTimer = clock.after(delayMs, () => {
      restarts += 1;
      start();
    });
  };

  start();
  return {
    name: plan.name,
    pid: () => child?.pid,
    ready: () => readiness.promise,
    restarts: () => restarts,
    async stop(graceMs = 5_000) {
      stopping = true;
      restartTimer?.cancel();
      const running = child;
      if (!running || running.exitCode !== null) return;
      const gone = new Promise<void>((resolve) => running.once('exit', () => resolve()));
      running.kill('SIGTERM');
      const force = clock.after(graceMs, () => running.kill('SIGKILL'));
      await gone;
      force.cancel();
    },
  };
}
