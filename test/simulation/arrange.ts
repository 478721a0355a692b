import type { Fault } from './faults.ts';
import { NETWORK_ADDRESS } from './peers/network-host.ts';
import type { Simulation } from './simulation.ts';
import type { SwitchNode } from './switch-node.ts';

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
    case 'node': {
      const node = simulation.nodes[fault.node];
      if (node) at(fault.from, () => NODE[fault.kind](node, fault, world.now));
      break;
    }
    default:
      at(fault.from, () => {});
      at(fault.to, () => {});
  }
}

const { host: NETWORK } = NETWORK_ADDRESS;

const LINE: Record<FaultOn<'line'>['kind'], Breakage<'line'>> = {
  'network refuses': ({ network }, _, begins) => {
    network.refuse(NETWORK, begins);
    if (begins) network.breakConnections(NETWORK);
  },
  'network lost': ({ network }, _, begins) => network.silence(NETWORK, begins),
  'network cut': ({ network }) => network.breakConnections(NETWORK),
  'network half-open': ({ network }, _, begins) => {
    if (begins) network.severOne(NETWORK);
  },
  'terminals cut': ({ network, nodes }) => {
    for (const { name } of nodes) network.breakConnections(name);
  },
};

const USUAL_FORCE_MS = { from: 0.3, to: 2 };
const SLOW_FORCE_MS = { from: 100, to: 1_500 };

const DATABASE: Record<FaultOn<'database'>['kind'], Breakage<'database'>> = {
  'database slow': ({ database }, _, begins) => {
    database.forceMs = begins ? SLOW_FORCE_MS : USUAL_FORCE_MS;
  },
  'database away': ({ database, nodes }, { node }, begins) => {
    database.partition(nodes[node]?.name ?? '', begins);
  },
  'database crash': ({ database }, _, begins) => {
    if (begins) database.crash();
    else database.restart();
  },
  'database cut': ({ database }) => database.breakConnections(),
};

const NODE: Record<FaultOn<'node'>['kind'], (node: SwitchNode, fault: FaultOn<'node'>, now: number) => void> =
  {
    crash: (node, { from, to }) => node.crash('killed', to - from),
    'power lost': (node, { from, to }) => node.crash('power lost', to - from),
    'crash at': (node, { from, to, checkpoint }) => {
      if (checkpoint) node.crashAt(checkpoint.name, checkpoint.count, to - from);
    },
    pause: (node, { from, to }) => node.pause(to - from),
    restart: (node, { from, to }) => node.restart(to - from),
    'clock step': (node, { stepMs = 0 }) => node.stepClock(stepMs),
  };
