import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Log,
  type ReadyDetails,
  type SupervisedService,
  supervise,
  systemClock,
} from '../../runtime/index.ts';
import { DeployError } from '../errors.ts';

const projectRoot = join(import.meta.dirname, '../..');
const READY_WITHIN_MS = 30_000;

export interface ServiceStart {
  name: string;
  /** Entry point, from the project's root. */
  entry: string;
  env: Readonly<Record<string, string>>;
  finalExitCodes?: readonly number[];
}

/** The supervised processes of one start, and their logs in `logDir`. */
export interface Services {
  /** Starts a process and waits until it can serve. @throws {DeployError} DEP_SERVICE_FAILED */
  start(service: ServiceStart): Promise<ReadyDetails>;
  logFile(name: string): string;
  pids(): Record<string, number | undefined>;
  /** Stops all of them at once; none is started again. */
  stop(): Promise<void>;
}

export function serviceRunner(logDir: string, log: Log): Services {
  const running: SupervisedService[] = [];
  mkdirSync(logDir, { recursive: true });
  const logFile = (name: string) => join(logDir, `${name}.log`);
  return {
    logFile,
    async start({ name, entry, env, finalExitCodes = [] }) {
      const descriptor = openSync(logFile(name), 'a', 0o640);
      const plan = { name, entry: join(projectRoot, entry), env, logTo: descriptor, finalExitCodes };
      const service = supervise(plan, systemClock, log);
      running.push(service);
      return readyOrFailed(service, logFile(name));
    },
    pids: () => Object.fromEntries(running.map((service) => [service.name, service.pid()])),
    async stop() {
      await Promise.all(running.map((service) => service.stop()));
    },
  };
}

/** A service that cannot start is started again and again: it is given up at the deadline, with where to look. */
async function readyOrFailed(service: SupervisedService, log: string): Promise<ReadyDetails> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`not ready within ${READY_WITHIN_MS / 1000} s`)),
    READY_WITHIN_MS,
  );
  try {
    return await Promise.race([service.ready(), late.promise]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeployError('DEP_SERVICE_FAILED', { service: service.name, reason, log }, error);
  } finally {
    clearTimeout(timer);
  }
}
