import type { Fault, NetworkName } from './faults.ts';
import type { ProcessLives } from './process-lives.ts';
import type { Simulation } from './simulation.ts';
import { USUAL_DEADLOCKS } from './world/database.ts';

type FaultOn<On extends Fault['on']> = Extract<Fault, { on: On }>;
type Breakage<On extends Fault['on']> = (simulation: Simulation, fault: FaultOn<On>, begins: boolean) => void;

/** Puts a fault into the future of a run. Peers look up for themselves which faults hold. */
export function arrange(fault: Fault, simulation: Simulation): void {
  const { world } = simulation;
  const at = (time: number, action: () => void) =>
    world.scheduler.after(time, `${fault.on} fault`, () => {
      const moment = time === fault.from ? 'begins' : 'is over';
      if (fault.on !== 'node') world.tell(fault.on, () => `${fault.kind} ${moment}`);
      action();
    });
  switch (fault.on) {
    case 'line':
      at(fault.from, () => LINE[fault.kind](simulation, fault, true));
      at(fault.to, () => LINE[fault.kind](simulation, fault, false));
      break;
    case 'database':
      at(fault.from, () => DATABASE[fault.kind](simulation, fault, true));
      at(fault.to, () => DATABASE[fault.kind](simulation, fault, false));
      break;
    case 'operator': {
      const change = { mode: fault.kind, by: 'night shift', why: 'simulated' };
      const { modes } = simulation.database.tables;
      at(fault.from, () => modes.record({ ...change, isOpen: true }, world.now));
      at(fault.to, () => modes.record({ ...change, isOpen: false }, world.now));
      break;
    }
    case 'node': {
      const node = sufferer(simulation, fault);
      if (node) at(fault.from, () => NODE[fault.kind](node, fault, world.now));
      break;
    }
    default:
      at(fault.from, () => {});
      at(fault.to, () => {});
  }
}

function sufferer(
  { nodes, workers }: Simulation,
  { node, ofWorker }: Pick<FaultOn<'node'>, 'node' | 'ofWorker'>,
): ProcessLives | undefined {
  return (ofWorker ? workers : nodes)[node];
}

const FLAP_EVERY_MS = 100;
const BOTH: readonly NetworkName[] = ['visa', 'iso87'];

/** Hosts are named as their networks are. */
function hostsOf({ network }: FaultOn<'line'>): readonly NetworkName[] {
  return network ? [network] : BOTH;
}

const LINE: Record<FaultOn<'line'>['kind'], Breakage<'line'>> = {
  'network refuses': ({ network }, fault, begins) => {
    for (const host of hostsOf(fault)) {
      network.refuse(host, begins);
      if (begins) network.breakConnections(host);
    }
  },
  'network lost': ({ network }, fault, begins) => {
    for (const host of hostsOf(fault)) network.silence(host, begins);
  },
  'network cut': ({ network }, fault) => {
    for (const host of hostsOf(fault)) network.breakConnections(host);
  },
  'network half-open': ({ network }, fault, begins) => {
    if (begins) for (const host of hostsOf(fault)) network.severOne(host);
  },
  'network flaps': (simulation, fault, begins) => {
    if (begins) flap(simulation, fault);
  },
  'terminals cut': ({ network, nodes }) => {
    for (const { name } of nodes) network.breakConnections(name);
  },
};

function flap(simulation: Simulation, fault: FaultOn<'line'>): void {
  const { network, world } = simulation;
  if (world.now >= fault.to) return;
  for (const host of hostsOf(fault)) network.breakConnections(host);
  world.scheduler.after(FLAP_EVERY_MS, 'flap', () => flap(simulation, fault));
}

const USUAL_FORCE_MS = { from: 0.3, to: 2 };
const SLOW_FORCE_MS = { from: 100, to: 1_500 };
const MANY_DEADLOCKS = 0.3;

const DATABASE: Record<FaultOn<'database'>['kind'], Breakage<'database'>> = {
  'database slow': ({ database }, _, begins) => {
    database.forceMs = begins ? SLOW_FORCE_MS : USUAL_FORCE_MS;
  },
  'database away': (simulation, fault, begins) => {
    simulation.database.partition(sufferer(simulation, fault)?.name ?? '', begins);
  },
  'database crash': ({ database }, _, begins) => {
    if (begins) database.crash();
    else database.restart();
  },
  'database cut': ({ database }) => database.breakConnections(),
  'database deadlocks': ({ database }, _, begins) => {
    database.deadlocks = begins ? MANY_DEADLOCKS : USUAL_DEADLOCKS;
  },
};

const NODE: Record<
  FaultOn<'node'>['kind'],
  (node: ProcessLives, fault: FaultOn<'node'>, now: number) => void
> = {
  crash: (node, { from, to }) => node.crash('killed', to - from),
  'crash loop': (node, { to }) => node.crashUntil(to),
  'crash over increments': (node, { from, to }) => node.crashOverIncrements(to - from),
  'crash over keys': (node, { from, to }) => node.crashOverKeys(to - from),
  'power lost': (node, { from, to }) => node.crash('power lost', to - from),
  'crash at': (node, { from, to, checkpoint }) => {
    if (checkpoint) node.crashAt(checkpoint.name, checkpoint.count, to - from);
  },
  pause: (node, { from, to }) => node.pause(to - from),
  restart: (node, { from, to }) => node.restart(to - from),
  'clock step': (node, { stepMs = 0 }) => node.stepClock(stepMs),
};
