/**
 * One node as tests treat it: a switch and a worker, each a process that is started, stopped and killed for itself. Its
 * ports stay the same over restarts, so that terminals find it again. What a process says of itself is asked at its
 * status page, and is what `startSwitch` and `startWorker` wait for.
 */
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadyDetails } from '../../runtime/index.ts';
import type { Settings } from '../../switch/config/settings.ts';
import type { NodeStatus, WorkerStatus } from '../../switch/node/status-server.ts';
import { Role, supervised } from './role.ts';
import { waitUntil } from './wait-until.ts';

export interface SwitchNode {
  /** Ports of the switch's listeners by name, and of its status page; they stay the same over restarts. */
  ports(): { iso87: number; pos: number; acquirer: number; status: number };
  /** The switch's process now. */
  switchPid(): number;
  /** Starts the switch, with extra environment, and waits until it is ready, and signed on unless told otherwise. */
  startSwitch(env?: Record<string, string>, options?: { isSignedOn: boolean }): Promise<void>;
  /** Stops the switch in good order. */
  stopSwitch(): Promise<void>;
  /** kill -9; it stays down. */
  killSwitch(): Promise<void>;
  /** Waits until the switch has ended by itself, at its checkpoint or fenced; it stays down. */
  switchDied(): Promise<void>;
  /** Starts both and kills them after each of these times, in milliseconds, ready or not; they stay down. */
  crashLoop(lives: readonly number[]): Promise<void>;
  /** What the switch says of itself. */
  switchStatus(): Promise<NodeStatus>;
  /** What the switch has logged so far. */
  switchLog(): string;
  /** The worker's process now. */
  workerPid(): number;
  /** Starts the worker, with extra environment, and waits until it is ready and signed on. */
  startWorker(env?: Record<string, string>): Promise<void>;
  stopWorker(): Promise<void>;
  killWorker(): Promise<void>;
  workerDied(): Promise<void>;
  /** What the worker says of itself. */
  workerStatus(): Promise<WorkerStatus>;
  workerLog(): string;
  /** Starts whichever is down: so that a test that failed half way spoils no other. */
  ensureUp(): Promise<void>;
  /** Stops both in good order. */
  stop(): Promise<void>;
}

export type Ports = ReturnType<SwitchNode['ports']>;

/** Starts nothing yet. @param settingsFor given the ports of the life before, where there was one */
export function switchNode(
  name: string,
  dataDir: string,
  settingsFor: (ports: Ports | undefined) => Settings,
): SwitchNode {
  const settingsFile = join(dataDir, `${name}.json`);
  const launcher = (entry: string, log: string) => (env: Record<string, string>) => {
    writeFileSync(settingsFile, JSON.stringify(settingsFor(ports)));
    const logTo = openSync(join(dataDir, log), 'a');
    return supervised(entry, `switch/${entry}.ts`, { SWITCH_SETTINGS_FILE: settingsFile, ...env }, logTo);
  };

  const hotPath = new Role('switch', launcher('main', `${name}.log`));
  const worker = new Role('worker', launcher('worker', `${name}.worker.log`));
  const logOf = (file: string) => readFileSync(join(dataDir, file), 'utf8');
  let ports: Ports | undefined;
  let workerStatusPort = 0;

  const startSwitch = async (env: Record<string, string> = {}, { isSignedOn } = { isSignedOn: true }) => {
    ports = readPorts(await hotPath.start(env));
    if (isSignedOn) await signedOn(ports.status);
  };
  const startWorker = async (env: Record<string, string> = {}) => {
    workerStatusPort = Number((await worker.start({ WORKER_STATUS_PORT: '0', ...env }))['status']);
    await signedOn(workerStatusPort);
  };

  return {
    ports(): Ports {
      if (!ports) throw new Error('the switch was never started');
      return ports;
    },
    switchPid: () => hotPath.pid(),
    startSwitch,
    stopSwitch: () => hotPath.stop(),
    killSwitch: () => hotPath.kill(),
    switchDied: () => hotPath.died(),
    async crashLoop(lives) {
      await Promise.all([hotPath.stop(), worker.stop()]);
      for (const lifeMs of lives) {
        hotPath.launch();
        worker.launch();
        await new Promise((resolve) => setTimeout(resolve, lifeMs));
        await Promise.all([hotPath.kill(), worker.kill()]);
      }
    },
    switchStatus: () => statusAt<NodeStatus>(ports?.status ?? 0),
    switchLog: () => logOf(`${name}.log`),
    workerPid: () => worker.pid(),
    startWorker,
    stopWorker: () => worker.stop(),
    killWorker: () => worker.kill(),
    workerDied: () => worker.died(),
    workerStatus: () => statusAt<WorkerStatus>(workerStatusPort),
    workerLog: () => logOf(`${name}.worker.log`),
    async ensureUp() {
      if (!hotPath.isUp) await startSwitch();
      if (!worker.isUp) await startWorker();
    },
    async stop() {
      await Promise.all([hotPath.stop(), worker.stop()]);
    },
  };
}

function readPorts(ready: ReadyDetails): Ports {
  return {
    iso87: Number(ready['terminals-ascii']),
    pos: Number(ready['terminals-bcd']),
    acquirer: Number(ready['acquirer-hex']),
    status: Number(ready['status']),
  };
}

/** A process is up before its links are: terminals would be declined 91 meanwhile. */
async function signedOn(statusPort: number): Promise<void> {
  await waitUntil(async () => {
    const { ready, networks } = await statusAt<Pick<NodeStatus, 'ready' | 'networks'>>(statusPort);
    return ready && Object.values(networks).every((state) => state === 'signed-on');
  });
}

async function statusAt<Status>(port: number): Promise<Status> {
  return (await (await fetch(`http://127.0.0.1:${port}/status`)).json()) as Status;
}
