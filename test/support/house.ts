import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { startTestHsm, type TestHsm } from '../../hsm/testing/index.ts';
import {
  type ReadyDetails,
  type SupervisedService,
  silentLog,
  supervise,
  systemClock,
} from '../../runtime/index.ts';
import { iso87Control, popControl, visaControl } from '../../simulators/index.ts';
import { developmentSettings } from '../../switch/config/development.ts';
import type { Settings } from '../../switch/config/settings.ts';
import type { NodeStatus, WorkerStatus } from '../../switch/node/status-server.ts';
import { freshDatabase } from './postgres.ts';

/** A worker waits for the follow-ups that run. */
const STOP_WITHIN_MS = 20_000;
const ROOT = join(import.meta.dirname, '../..');

/** One node, a switch and a worker: processes that tests start, stop and kill, each for itself. */
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

/** A whole installation for one test file: real database, token, sockets and processes, on ports of its own. */
export interface House extends SwitchNode {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly hsm: TestHsm;
  readonly visa: ReturnType<typeof visaControl>;
  /** The second network, for cards that begin with 5. */
  readonly iso87: ReturnType<typeof iso87Control>;
  readonly pop: ReturnType<typeof popControl>;
  /** Where the ledgers of the counterparts can be read. */
  readonly controlUrls: { readonly visa: string; readonly iso87: string; readonly pop: string };
  /** Starts another node on the same database, token and networks, with ports of its own. */
  addNode(name: string): Promise<SwitchNode>;
  /** Starts a process that takes itself for the first node, with ports of its own. */
  addTwin(): Promise<SwitchNode>;
  close(): Promise<void>;
}

export interface HouseOptions {
  readonly popBlockMs?: number;
  readonly settings?: (settings: Settings) => Settings;
  readonly databaseUrl?: string;
}

export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-house-'));
  const database = options.databaseUrl ? undefined : await freshDatabase();
  const databaseUrl = options.databaseUrl ?? database?.url ?? '';
  const hsm = await startTestHsm();
  const { services, visaReady, iso87Ready, popReady } = await startCounterparts(dataDir, options);
  const settingsOf = (node: string, ports: Ports | undefined) => {
    const settings = developmentSettings({
      databaseUrl,
      hsmSocketPath: hsm.socketPath,
      visa: { host: '127.0.0.1', port: Number(visaReady['port']) },
      iso87: { host: '127.0.0.1', port: Number(iso87Ready['port']) },
      popUrl: String(popReady['apiUrl']),
    });
    const quick = {
      followUps: { ...settings.followUps, firstDelayMs: 50 },
      pop: { ...settings.pop, finalityMs: 200 },
      audit: { headsFolder: join(dataDir, 'audit'), everyMs: 1_000 },
    };
    const local = withPorts({ ...settings, ...quick, node }, ports);
    return options.settings ? options.settings(local) : local;
  };
  const nodes: SwitchNode[] = [];
  const addProcess = async (name: string, node: string) => {
    const added = switchNode(name, dataDir, (ports) => settingsOf(node, ports));
    nodes.push(added);
    await added.startSwitch();
    await added.startWorker();
    return added;
  };
  const node = await addProcess('node-1', 'node-1');
  return {
    dataDir,
    databaseUrl,
    hsm,
    visa: visaControl(String(visaReady['controlUrl'])),
    iso87: iso87Control(String(iso87Ready['controlUrl'])),
    pop: popControl(String(popReady['controlUrl'])),
    controlUrls: {
      visa: String(visaReady['controlUrl']),
      iso87: String(iso87Ready['controlUrl']),
      pop: String(popReady['controlUrl']),
    },
    ...node,
    addNode: (name) => addProcess(name, name),
    addTwin: () => addProcess('twin', 'node-1'),
    async close() {
      await Promise.all(nodes.map((each) => each.stop()));
      await Promise.all([...services, hsm].map((service) => service.stop()));
      await database?.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The simulated networks and consensus, each a process with a ledger of its own. */
async function startCounterparts(dataDir: string, { popBlockMs = 200 }: HouseOptions) {
  const visa = supervised('visa', 'simulators/visa/main.ts', {
    VISA_SIM_PORT: '0',
    VISA_SIM_CONTROL_PORT: '0',
    VISA_SIM_LEDGER: join(dataDir, 'visa.jsonl'),
  });
  const pop = supervised('pop', 'simulators/pop/main.ts', {
    POP_SIM_PORT: '0',
    POP_SIM_CONTROL_PORT: '0',
    POP_SIM_LEDGER: join(dataDir, 'pop.jsonl'),
    POP_SIM_BLOCK_MS: String(popBlockMs),
  });
  const iso87 = supervised('iso87', 'simulators/iso87/main.ts', {
    ISO87_SIM_PORT: '0',
    ISO87_SIM_CONTROL_PORT: '0',
    ISO87_SIM_LEDGER: join(dataDir, 'iso87.jsonl'),
  });
  const [visaReady, iso87Ready, popReady] = await Promise.all([visa.ready(), iso87.ready(), pop.ready()]);
  return { services: [visa, iso87, pop], visaReady, iso87Ready, popReady };
}

type Ports = ReturnType<SwitchNode['ports']>;

function switchNode(
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

/** One process of a node, or none where it is down. */
class Role {
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

function supervised(
  name: string,
  entry: string,
  env: Record<string, string>,
  logTo?: number,
): SupervisedService {
  const LOG_LEVEL = logTo === undefined ? 'silent' : 'info';
  const plan = { name, entry: join(ROOT, entry), env: { LOG_LEVEL, ...env }, restartDelaysMs: [60_000] };
  return supervise(logTo === undefined ? plan : { ...plan, logTo }, systemClock, silentLog);
}

function withPorts(settings: Settings, ports: Ports | undefined): Settings {
  const of: Record<string, number> = {
    'terminals-ascii': ports?.iso87 ?? 0,
    'terminals-bcd': ports?.pos ?? 0,
    'acquirer-hex': ports?.acquirer ?? 0,
  };
  return {
    ...settings,
    status: { host: '127.0.0.1', port: ports?.status ?? 0 },
    listeners: settings.listeners.map((listener) => ({
      ...listener,
      host: '127.0.0.1',
      port: of[listener.name] ?? 0,
    })),
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
  await waitUntil(async () => (await statusAt<{ ready: boolean }>(statusPort)).ready);
}

async function statusAt<Status>(port: number): Promise<Status> {
  return (await (await fetch(`http://127.0.0.1:${port}/status`)).json()) as Status;
}

/** Waits until `condition` holds, and fails after `withinMs` saying so. */
export async function waitUntil(condition: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error('the condition did not come to hold');
    },
    { timeout: withinMs, interval: 10 },
  );
}
