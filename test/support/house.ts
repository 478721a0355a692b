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
import { freshDatabase } from './postgres.ts';

const ROOT = join(import.meta.dirname, '../..');

/** One switch node: a process that tests start, stop and kill. */
export interface SwitchNode {
  /** Ports of the listeners by name, and of the status page; they stay the same over restarts. */
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
  /** Starts the switch and kills it after each of these times, in milliseconds, ready or not; it stays down. */
  crashLoop(lives: readonly number[]): Promise<void>;
  /** What the switch has logged so far. */
  switchLog(): string;
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
      await Promise.all(nodes.map((each) => each.stopSwitch()));
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
  const logFile = join(dataDir, `${name}.log`);
  let service: SupervisedService | undefined;
  let ports: Ports | undefined;
  const pid = (): number => {
    const running = service?.pid();
    if (running === undefined) throw new Error('the switch is not running');
    return running;
  };
  const stopSwitch = async () => {
    await service?.stop();
    service = undefined;
  };
  const launch = (env: Record<string, string>) => {
    writeFileSync(settingsFile, JSON.stringify(settingsFor(ports)));
    const file = { SWITCH_SETTINGS_FILE: settingsFile };
    return supervised('switch', 'switch/main.ts', { ...file, ...env }, openSync(logFile, 'a'));
  };
  const killSwitch = async () => {
    process.kill(pid(), 'SIGKILL');
    await stopSwitch();
  };
  return {
    stopSwitch,
    switchPid: pid,
    async startSwitch(env: Record<string, string> = {}, { isSignedOn } = { isSignedOn: true }) {
      await stopSwitch();
      service = launch(env);
      ports = readPorts(await service.ready());
      if (isSignedOn) await signedOn(ports.status);
    },
    killSwitch,
    async crashLoop(lives) {
      await stopSwitch();
      for (const lifeMs of lives) {
        service = launch({});
        await new Promise((resolve) => setTimeout(resolve, lifeMs));
        await killSwitch();
      }
    },
    async switchDied() {
      const dead = service;
      await waitUntil(async () => dead?.pid() === undefined);
      await stopSwitch();
    },
    ports(): Ports {
      if (!ports) throw new Error('the switch was never started');
      return ports;
    },
    switchLog: () => readFileSync(logFile, 'utf8'),
  };
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

/** The switch is up before its link is: terminals would be declined 91 meanwhile. */
async function signedOn(statusPort: number): Promise<void> {
  await waitUntil(async () => {
    const response = await fetch(`http://127.0.0.1:${statusPort}/status`);
    return ((await response.json()) as { ready: boolean }).ready;
  });
}

/** Waits until `condition` holds, and fails after `withinMs` saying so. */
export async function waitUntil(condition: () => Promise<boolean>, withinMs = 10_000): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error('the condition did not come to hold');
    },
    { timeout: withinMs, interval: 10 },
  );
}
