/**
 * A whole installation for one test file: real database, token, sockets and processes, on ports of its own. The first
 * node is a part of it, others can be added on the same database. It starts in seconds and is stopped once, in `close`.
 * One installation for all test files was rejected: a test that kills a process would spoil the others.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestHsm, type TestHsm } from '../../hsm/testing/index.ts';
import { iso87Control, popControl, visaControl } from '../../simulators/index.ts';
import { developmentSettings } from '../../switch/config/development.ts';
import type { Settings } from '../../switch/config/settings.ts';
import { asTerminalsKnow } from './network-books.ts';
import { freshDatabase } from './postgres.ts';
import { supervised } from './role.ts';
import { type Ports, type SwitchNode, switchNode } from './switch-node.ts';

/** What is in the house, and the first node. */
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
      ownCopy: { folder: join(dataDir, 'own-copy') },
      takeBacks: { voidWaitMs: 200 },
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
    visa: asTerminalsKnow(visaControl(String(visaReady['controlUrl'])), 'visa', databaseUrl),
    iso87: asTerminalsKnow(iso87Control(String(iso87Ready['controlUrl'])), 'iso87', databaseUrl),
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
