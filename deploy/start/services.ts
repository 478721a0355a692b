import { mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Log,
  type ReadyDetails,
  type SupervisedService,
  supervise,
  systemClock,
} from '../../runtime/index.ts';
import { DeployError } from '../errors.ts';

const projectRoot = join(import.meta.dirname, '../..');
/** As the supervisor has it: a machine that is starved starts everything late, and to kill it then starves it more. */
const READY_WITHIN_MS = 120_000;
const RESTARTS_BEFORE_GIVING_UP = 3;

export interface ServiceStart {
  name: string;
  /** Entry point, relative to the project's root. */
  entry: string;
  env: Readonly<Record<string, string>>;
  finalExitCodes?: readonly number[];
  /** How far behind the switch, the HSM and PostgreSQL it stands when they compete for the processor. */
  niceness?: number;
}

/** The supervised processes of one start, and their logs in `logDir`. */
export interface Services {
  /** Starts a process and waits until it can serve. @throws {DeployError} DEP_SERVICE_FAILED */
  start(service: ServiceStart): Promise<ReadyDetails>;
  logFile(name: string): string;
  pids(): Record<string, number | undefined>;
  /** Stops all of them at once, and kills who is not gone by then; none is started again. */
  stop(withinMs?: number): Promise<void>;
}

/** `signal` ends every wait for a service: there is no use in one that is about to be stopped. */
export function serviceRunner(logDir: string, log: Log, signal: AbortSignal): Services {
  const running: SupervisedService[] = [];
  mkdirSync(logDir, { recursive: true, mode: 0o700 });
  const logFile = (name: string) => join(logDir, `${name}.log`);
  return {
    logFile,
    async start({ name, entry, env, finalExitCodes = [], niceness }) {
      const descriptor = openSync(logFile(name), 'a', 0o640);
      const plan = {
        name,
        entry: resolve(projectRoot, entry),
        env,
        logTo: descriptor,
        finalExitCodes,
        ...(niceness !== undefined && { niceness }),
      };
      const service = supervise(plan, systemClock, log);
      running.push(service);
      return readyOrFailed(service, logFile(name), signal);
    },
    pids: () => Object.fromEntries(running.map((service) => [service.name, service.pid()])),
    async stop(withinMs) {
      await Promise.all(running.map((service) => service.stop(withinMs)));
    },
  };
}

/** A service that cannot start is started again and again: three times are enough to know, and where to look. */
async function readyOrFailed(
  service: SupervisedService,
  log: string,
  signal: AbortSignal,
): Promise<ReadyDetails> {
  const over = new AbortController();
  const late = setTimeout(
    () => over.abort(new Error(`not ready within ${READY_WITHIN_MS / 1000} s`)),
    READY_WITHIN_MS,
  );
  const looping = setInterval(() => {
    if (service.restarts() >= RESTARTS_BEFORE_GIVING_UP) over.abort(new Error('it stops again and again'));
  }, 50);
  const stop = () => over.abort(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    signal.throwIfAborted();
    const ended = Promise.withResolvers<never>();
    over.signal.addEventListener('abort', () => ended.reject(over.signal.reason));
    return await Promise.race([service.ready(), ended.promise]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeployError('DEP_SERVICE_FAILED', { service: service.name, reason, log }, error);
  } finally {
    clearTimeout(late);
    clearInterval(looping);
    signal.removeEventListener('abort', stop);
  }
}
