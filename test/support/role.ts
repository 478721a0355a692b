/**
 * One process of a node as tests treat it: started, stopped, killed, or left to die by itself. A process that died
 * stays down until the test starts it: a supervisor that brought it back at once would hide what the death left behind.
 */
import { join } from 'node:path';
import {
  type ReadyDetails,
  type SupervisedService,
  silentLog,
  supervise,
  systemClock,
} from '../../runtime/index.ts';
import { waitUntil } from './wait-until.ts';

/** A worker waits for the follow-ups that run. */
const STOP_WITHIN_MS = 20_000;
const ROOT = join(import.meta.dirname, '../..');

/** The process that has this role now, or none. */
export class Role {
  readonly #name: string;
  readonly #launch: (env: Record<string, string>) => SupervisedService;
  #service: SupervisedService | undefined;

  constructor(name: string, launch: (env: Record<string, string>) => SupervisedService) {
    this.#name = name;
    this.#launch = launch;
  }

  get isUp(): boolean {
    return this.#service?.pid() !== undefined;
  }

  pid(): number {
    const running = this.#service?.pid();
    if (running === undefined) throw new Error(`the ${this.#name} is not running`);
    return running;
  }

  launch(env: Record<string, string> = {}): SupervisedService {
    this.#service = this.#launch(env);
    return this.#service;
  }

  async start(env: Record<string, string>): Promise<ReadyDetails> {
    await this.stop();
    return this.launch(env).ready();
  }

  async stop(): Promise<void> {
    await this.#service?.stop(STOP_WITHIN_MS);
    this.#service = undefined;
  }

  async kill(): Promise<void> {
    process.kill(this.pid(), 'SIGKILL');
    await this.stop();
  }

  async died(): Promise<void> {
    const dead = this.#service;
    await waitUntil(async () => dead?.pid() === undefined, 30_000);
    await this.stop();
  }
}

/** A process of this project; without a log file it says nothing. */
export function supervised(
  name: string,
  entry: string,
  env: Record<string, string>,
  logTo?: number,
): SupervisedService {
  const LOG_LEVEL = logTo === undefined ? 'silent' : 'info';
  const plan = { name, entry: join(ROOT, entry), env: { LOG_LEVEL, ...env }, restartDelaysMs: [60_000] };
  return supervise(logTo === undefined ? plan : { ...plan, logTo }, systemClock, silentLog);
}
