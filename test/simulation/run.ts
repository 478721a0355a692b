import { developmentSettings } from '../../switch/config/development.ts';
import type { ListenerSettings, Settings } from '../../switch/config/settings.ts';
import { arrange } from './arrange.ts';
import { drawFaults, type Fault, FaultPlan } from './faults.ts';
import { type Mutant, UNCHANGED } from './mutants.ts';
import { checkInvariants } from './oracle/invariants.ts';
import { NETWORK_ADDRESS, NetworkHost } from './peers/network-host.ts';
import { ProofService } from './peers/proof-service.ts';
import { Terminal } from './peers/terminal.ts';
import type { Simulation } from './simulation.ts';
import { SwitchNode } from './switch-node.ts';
import { COMES_BACK_WITHIN_MS, Workload } from './workload.ts';
import { HeadDisks } from './world/audit.ts';
import { Database } from './world/database.ts';
import { LogCapture } from './world/log-capture.ts';
import { Network } from './world/network.ts';
import type { SeededRandom } from './world/seeded-random.ts';
import { type Line, type Violation, World } from './world/world.ts';

export interface RunOptions {
  readonly seed: number;
  readonly mutant?: Mutant;
  /** Keep a timeline of what happened. */
  readonly isTold?: boolean;
  /** Instead of those that the seed draws. */
  readonly faults?: readonly Fault[];
}

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The same for the same seed and code, always. */
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly purchases: number;
  readonly approved: number;
  readonly faults: readonly Fault[];
  readonly timeline: readonly Line[];
}

/** No purchase begins after this, and nobody comes back to one after that. */
const LAST_PURCHASE_MS = 30_000;
const LAST_WISH_MS = LAST_PURCHASE_MS + COMES_BACK_WITHIN_MS;
/** Within this time of the last fault everything must have come to its end. */
const SETTLED_WITHIN_MS = 300_000;
/** What may still happen once all seems over. */
const AFTERMATH_MS = 20_000;
/** The switch's deadline, the journal's and the HSM's for what comes after the join, and the way there and back. */
const ANSWER_LIMIT_MS = 2_000 + 800 + 500 + 500;
const MERCHANTS = [
  { id: 'MERCHANT0000001', category: '5411', pop: 'optional' },
  { id: 'MERCHANT0000002', category: '5812', pop: 'required' },
  { id: 'MERCHANT0000003', category: '5541', pop: 'off' },
] as const;

/** Runs one seed to its end and checks the invariants. The same seed and code always give the same result. */
export async function runSeed(options: RunOptions): Promise<RunResult> {
  const rejected: unknown[] = [];
  const noteRejection = (error: unknown) => rejected.push(error);
  process.on('unhandledRejection', noteRejection);
  try {
    const simulation = await prepare(options);
    await live(simulation);
    await new Promise((resolve) => setImmediate(resolve));
    const { world, workload, faults } = simulation;
    for (const error of rejected)
      world.violate('process', `a promise was rejected unheard: ${String(error)}`);
    checkInvariants(simulation);
    const { scheduler } = world;
    return {
      seed: options.seed,
      violations: world.violations,
      hash: scheduler.hash.toString(16).padStart(8, '0'),
      events: scheduler.events,
      virtualMs: world.now,
      purchases: workload.purchases.length,
      approved: workload.purchases.filter(({ belief }) => belief === 'approved').length,
      faults: faults.faults,
      timeline: world.timeline,
    };
  } finally {
    process.off('unhandledRejection', noteRejection);
  }
}

async function prepare({
  seed,
  mutant = UNCHANGED,
  isTold = false,
  faults,
}: RunOptions): Promise<Simulation> {
  const world = new World(seed, isTold);
  const shape = world.random.stream('shape');
  const nodeCount = shape.chance(0.5) ? 2 : 1;
  const spanMs = shape.between(2_000, LAST_PURCHASE_MS);
  const plan = faults ? new FaultPlan(faults) : drawFaults(world.random.stream('faults'), spanMs, nodeCount);
  const network = new Network(world.random.stream('network'));
  network.maxLatencyMs = shape.pick([0.5, 2, 20] as const);
  const database = new Database(world);
  mutant.tables(database.tables);
  const networkHost = new NetworkHost(world, plan);
  const proofs = new ProofService(world, plan);
  const logs = new LogCapture();
  const headDisks = new HeadDisks();
  await networkHost.listen(network.socketsOf(networkHost.process));
  const around = {
    world,
    network,
    database,
    networkHost,
    proofs,
    faults: plan,
    logs,
    headDisks,
    mutant,
  };
  const settings = settingsOf(shape);
  const nodes = Array.from(
    { length: nodeCount },
    (_, index) => new SwitchNode({ ...settings, ...ofNode(`node-${index + 1}`, settings) }, around),
  );
  const workload = new Workload(world);
  const simulation = {
    world,
    network,
    database,
    networkHost,
    proofs,
    nodes,
    workload,
    faults: plan,
    logs,
    headDisks,
  };
  for (const node of nodes) node.start();
  workload.schedule(terminalsOf(simulation, settings, shape), 8 + shape.integer(30), spanMs);
  for (const fault of plan.faults) arrange(fault, simulation);
  return simulation;
}

/** Lets the run come to its end: all faults over, every purchase answered, nothing left to do. */
async function live(simulation: Simulation): Promise<void> {
  const { world, faults } = simulation;
  const { scheduler } = world;
  const mustBeOverBy = Math.max(faults.clearAt, LAST_WISH_MS) + SETTLED_WITHIN_MS;
  let looked = 0;
  let isSettled = false;
  await scheduler.run(() => {
    if (world.now < faults.clearAt || world.now - looked < 100) return world.now > mustBeOverBy;
    looked = world.now;
    isSettled = world.now > LAST_WISH_MS && isQuiet(simulation);
    return isSettled || world.now > mustBeOverBy;
  });
  if (!isSettled)
    world.violate('I8 liveness', `not all is over ${SETTLED_WITHIN_MS / 1_000} s after the last fault`);
  const end = world.now + AFTERMATH_MS;
  await scheduler.run(() => world.now > end);
}

function isQuiet({ workload, database, nodes }: Simulation): boolean {
  return (
    workload.isOver &&
    database.tables.jobs.size === 0 &&
    nodes.every((node) => node.isUp && node.unsettled === 0 && node.inFlight === 0)
  );
}

/** What all nodes of a run have in common; leases are short in half of all runs, so that more of them end. */
function settingsOf(random: SeededRandom): Settings {
  const settings = developmentSettings({
    databaseUrl: 'postgres://simulated',
    hsmSocketPath: '/simulated',
    visa: NETWORK_ADDRESS,
    popUrl: 'http://simulated',
  });
  const lease = random.pick([
    { leaseMs: 10_000, takeOverEveryMs: 3_000 },
    { leaseMs: 2_000, takeOverEveryMs: 500 },
  ]);
  return {
    ...settings,
    journal: { ...settings.journal, ...lease },
    merchants: MERCHANTS.map((merchant) => ({ ...merchant })),
    terminals: settings.terminals.map((terminal, index) => ({
      ...terminal,
      merchant: (MERCHANTS[index % MERCHANTS.length] ?? MERCHANTS[0]).id,
    })),
    followUps: { ...settings.followUps, maxAttempts: random.chance(0.1) ? 3 : 10_000 },
  };
}

/** A node's name is that of its host. */
function ofNode(node: string, { listeners }: Settings): Pick<Settings, 'node' | 'listeners'> {
  return { node, listeners: listeners.map((listener) => ({ ...listener, host: node })) };
}

function terminalsOf(
  simulation: Simulation,
  settings: Settings,
  random: SeededRandom,
): [Terminal, ...Terminal[]] {
  const { world, network, nodes } = simulation;
  const [first, ...others] = nodes.map(({ name }) => name);
  const hosts: [string, ...string[]] = [first ?? 'node-1', ...others];
  const isPaused = simulation.faults.faults.some(({ kind }) => kind === 'pause');
  const answerLimitMs = isPaused ? Number.POSITIVE_INFINITY : ANSWER_LIMIT_MS;
  const make = (index: number): Terminal => {
    const registered = settings.terminals[index % settings.terminals.length];
    const [ascii, bcd, hex] = settings.listeners;
    const listener = [ascii, bcd, hex][index % 3];
    if (!registered || !listener) throw new Error('the development settings lack a terminal or a listener');
    const identity = identityOf(listener, index, registered);
    const terminal = { ...identity, listener, nodes: hosts, answerLimitMs };
    return new Terminal(terminal, world, (process) => network.socketsOf(process));
  };
  const count = 2 + random.integer(5);
  const offset = random.integer(10);
  return [make(offset), ...Array.from({ length: count - 1 }, (_, index) => make(offset + index + 1))];
}

/** An acquirer answers for its own terminals and merchants; some of these are enrolled with Étika. */
function identityOf(listener: ListenerSettings, index: number, terminal: { id: string; merchant: string }) {
  if (listener.mac === 'required') return { id: terminal.id, merchant: terminal.merchant };
  const merchant = index % 2 === 0 ? MERCHANTS[0].id : 'ACQUIRED000001';
  return { id: `ACQ${String(index).padStart(5, '0')}`, merchant };
}
