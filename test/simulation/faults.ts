import type { Checkpoint } from '../../switch/ports.ts';
import type { HsmCondition } from './world/hsm.ts';
import type { SeededRandom } from './world/seeded-random.ts';

type NetworkFault = 'silent' | 'slow' | 'slow-to-act' | 'at-the-deadline' | 'spoilt';
/** `overtaken`: an initiation takes effect only when the switch has already looked it up and found nothing. */
type PopFault = 'down' | 'silent' | 'slow' | 'slow-to-act' | 'overtaken' | 'failing';
type LineFault = 'network refuses' | 'network lost' | 'network cut' | 'network half-open' | 'terminals cut';
type DatabaseFault = 'database slow' | 'database away' | 'database crash' | 'database cut';
type NodeFault = 'crash' | 'crash at' | 'power lost' | 'pause' | 'restart' | 'clock step';

/** How many messages are hit while it lasts, of 1. */
export interface Grip<Kind> {
  readonly kind: Kind;
  readonly share: number;
}

/** One fault: what, when, to whom. Times in milliseconds since the run began. */
export type Fault =
  | {
      readonly on: 'network';
      readonly kind: NetworkFault;
      readonly share: number;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly on: 'pop';
      readonly kind: PopFault;
      readonly share: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly on: 'hsm'; readonly kind: HsmCondition; readonly from: number; readonly to: number }
  | { readonly on: 'line'; readonly kind: LineFault; readonly from: number; readonly to: number }
  | {
      readonly on: 'database';
      readonly kind: DatabaseFault;
      readonly node: number;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly on: 'node';
      readonly kind: NodeFault;
      readonly node: number;
      readonly from: number;
      /** When a crashed node is up again, or a paused one goes on. */
      readonly to: number;
      readonly checkpoint?: { readonly name: Checkpoint; readonly count: number };
      readonly stepMs?: number;
    };

const MAX_FAULTS = 5;
const LONGEST_MS = 20_000;

/** The faults of one run, drawn from the catalogue by its seed; several may hold at once. */
export class FaultPlan {
  readonly faults: readonly Fault[];
  /** When the last one is over. */
  readonly clearAt: number;

  constructor(faults: readonly Fault[]) {
    this.faults = faults;
    this.clearAt = Math.max(0, ...faults.map(({ to }) => to));
  }

  network(now: number): Grip<NetworkFault> | undefined {
    return this.#holding('network', now);
  }

  pop(now: number): Grip<PopFault> | undefined {
    return this.#holding('pop', now);
  }

  hsm(now: number): HsmCondition {
    return this.#holding('hsm', now)?.kind ?? 'well';
  }

  #holding<On extends 'network' | 'pop' | 'hsm'>(
    on: On,
    now: number,
  ): Extract<Fault, { on: On }> | undefined {
    return this.faults.find(
      (fault): fault is Extract<Fault, { on: On }> => fault.on === on && fault.from <= now && now < fault.to,
    );
  }
}

export function drawFaults(random: SeededRandom, lastSaleAt: number, nodes: number): FaultPlan {
  const count = random.chance(0.05) ? 0 : 1 + random.integer(MAX_FAULTS);
  const drawn = Array.from({ length: count }, () => drawFault(random, lastSaleAt, nodes));
  return new FaultPlan(drawn.flatMap((fault) => [fault, ...sequelOf(fault, random)]));
}

/** Incidents come in pairs: what was paused long enough to be replaced dies soon after it goes on. */
function sequelOf(fault: Fault, random: SeededRandom): Fault[] {
  if (fault.on !== 'node' || fault.kind !== 'pause' || random.chance(0.5)) return [];
  const { node, to: from } = fault;
  const name = random.pick(['intended', 'forked', 'network-answered', 'joined'] as const);
  const to = from + random.between(5, 5_000);
  return [{ on: 'node', kind: 'crash at', node, from, to, checkpoint: { name, count: 1 } }];
}

function drawFault(random: SeededRandom, lastSaleAt: number, nodes: number): Fault {
  const from = random.between(0, lastSaleAt);
  const lengthMs = random.chance(0.5) ? random.between(5, 2_000) : random.between(500, LONGEST_MS);
  const span = { from, to: from + lengthMs };
  const share = random.pick([0.1, 0.5, 0.9, 1] as const);
  const node = random.integer(nodes);
  switch (
    random.pick(['network', 'network', 'pop', 'hsm', 'line', 'database', 'node', 'node', 'node'] as const)
  ) {
    case 'network':
      return { on: 'network', kind: random.pick(NETWORK_FAULTS), share, ...span };
    case 'pop':
      return { on: 'pop', kind: random.pick(POP_FAULTS), share, ...span };
    case 'hsm':
      return { on: 'hsm', kind: random.pick(['slow', 'silent', 'away', 'failing'] as const), ...span };
    case 'line':
      return { on: 'line', kind: random.pick(LINE_FAULTS), ...span };
    case 'database':
      return { on: 'database', kind: random.pick(DATABASE_FAULTS), node, ...span };
    case 'node':
      return drawNodeFault(random, node, span);
  }
}

function drawNodeFault(random: SeededRandom, node: number, span: { from: number; to: number }): Fault {
  const kind = random.pick(NODE_FAULTS);
  switch (kind) {
    case 'crash at': {
      const checkpoint = { name: random.pick(CHECKPOINTS), count: 1 + random.integer(5) };
      return { on: 'node', kind, node, ...span, checkpoint };
    }
    case 'clock step': {
      const stepMs = random.pick([-86_400_000, -3_600_000, -1_000, 1_000, 3_600_000, 86_400_000] as const);
      return { on: 'node', kind, node, ...span, stepMs };
    }
    case 'pause':
      return {
        on: 'node',
        kind,
        node,
        from: span.from,
        to: span.from + pauseMs(random),
      };
    default:
      return { on: 'node', kind, node, ...span };
  }
}

/** Half of them long enough for the lease to end. */
function pauseMs(random: SeededRandom): number {
  return random.chance(0.5) ? random.between(100, 9_000) : random.between(9_000, 30_000);
}

const NETWORK_FAULTS = ['silent', 'slow', 'slow-to-act', 'at-the-deadline', 'spoilt'] as const;
const POP_FAULTS = ['down', 'silent', 'slow', 'slow-to-act', 'overtaken', 'failing'] as const;
const LINE_FAULTS = [
  'network refuses',
  'network lost',
  'network cut',
  'network half-open',
  'terminals cut',
] as const;
const DATABASE_FAULTS = ['database slow', 'database away', 'database crash', 'database cut'] as const;
const NODE_FAULTS = [
  'crash',
  'crash at',
  'crash at',
  'power lost',
  'pause',
  'pause',
  'restart',
  'clock step',
] as const;
const CHECKPOINTS = ['intended', 'forked', 'network-answered', 'joined', 'decided', 'replied'] as const;

export function describeFault(fault: Fault): string {
  const span = `${(fault.from / 1_000).toFixed(3)}–${(fault.to / 1_000).toFixed(3)} s`;
  const share = 'share' in fault && fault.share < 1 ? ` (${fault.share * 100} % of messages)` : '';
  const node = 'node' in fault ? ` node-${fault.node + 1}` : '';
  const at =
    'checkpoint' in fault && fault.checkpoint ? ` ${fault.checkpoint.name}:${fault.checkpoint.count}` : '';
  const step = 'stepMs' in fault && fault.stepMs ? ` ${fault.stepMs / 1_000} s` : '';
  return `${span}  ${fault.on}: ${fault.kind}${at}${step}${node}${share}`;
}
