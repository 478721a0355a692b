import { type Fault, FaultPlan, type NetworkName } from './faults.ts';
import { type Features, PLAIN } from './features.ts';
import type { SeededRandom } from './world/seeded-random.ts';

const MAX_FAULTS = 5;
const LONGEST_MS = 20_000;
const LONGEST_CRASH_LOOP_MS = 10_000;
/** Of runs in which nothing breaks. */
const CALM = 0.15;
/** Of runs in which a network is away for most of the time, so that what may be approved without it is used up. */
const OUTAGES = 0.18;
/** Of runs with guests. */
const OVER_INCREMENTS = 0.2;
/** Of runs with lines that copy: in which the HSM is slow all the time. */
const SLOWNESS = 0.4;
/** Of runs in which the HSM does one kind of work and refuses the other for a while. */
const AT_ITS_LIMIT = 0.12;
/** Of runs in which the consensus contradicts itself all the time. */
const CONTRADICTIONS = 0.06;

const PLACES = [
  ...(['network', 'network', 'pop', 'pop', 'hsm', 'line', 'database', 'node', 'node', 'node'] as const),
  'operator',
] as const;
const NETWORK_FAULTS = ['silent', 'slow', 'slow-to-act', 'at-the-deadline', 'spoilt', 'gray'] as const;
const POP_FAULTS = [
  'down',
  'silent',
  'slow',
  'slow-to-act',
  'overtaken',
  'failing',
  'contradicting',
  'partial',
] as const;
const LINE_FAULTS = [
  'network refuses',
  'network lost',
  'network cut',
  'network half-open',
  'network flaps',
  'terminals cut',
] as const;
const DATABASE_FAULTS = [
  'database slow',
  'database away',
  'database crash',
  'database cut',
  'database deadlocks',
] as const;
const NODE_FAULTS = [
  'crash',
  'crash at',
  'crash at',
  'crash loop',
  'power lost',
  'pause',
  'pause',
  'restart',
  'clock step',
] as const;
const HSM_FAULTS = ['slow', 'silent', 'away', 'failing', 'garbled'] as const;
const CHECKPOINTS = ['intended', 'forked', 'network-answered', 'joined', 'decided', 'replied'] as const;
const NETWORKS = ['visa', 'iso87', undefined] as const;
const OPERATED = ['network-degraded:visa', 'network-degraded:iso87', 'pop-degraded'] as const;

type Drawn = Pick<Features, 'spared' | 'isCrowd' | 'changesKeys' | 'hasWorker'> &
  Partial<Pick<Features, 'habits' | 'hasGuests'>>;

/** The faults of one run, drawn from the catalogue by its seed. */
export function drawFaults(
  random: SeededRandom,
  lastSaleAt: number,
  nodes: number,
  { spared, isCrowd, changesKeys, hasWorker, habits, hasGuests }: Drawn = PLAIN,
): FaultPlan {
  const count = random.chance(CALM) ? 0 : 1 + random.integer(MAX_FAULTS);
  const drawn = Array.from({ length: count }, () => drawFault(random, lastSaleAt, nodes));
  const isOutage = isCrowd || (count > 0 && random.chance(OUTAGES));
  const outage = isOutage ? [drawOutage(random, lastSaleAt)] : [];
  const overKeys = changesKeys ? drawCrashOverKeys(random.stream('keys'), lastSaleAt, nodes) : [];
  const usual = [...outage, ...drawn.flatMap((fault) => [fault, ...sequelOf(fault, random)]), ...overKeys];
  const contradiction = drawContradiction(random.stream('contradiction'), lastSaleAt);
  const all = hasWorker ? usual.map((fault) => atWorker(fault, random.stream('workers'))) : usual;
  const slow = habits?.has('doubled-by-the-line') ? drawSlowness(random.stream('slowness'), lastSaleAt) : [];
  const atLimit = drawLimit(random.stream('hsm at its limit'), lastSaleAt);
  const overHolds = hasGuests ? drawCrashOverIncrements(random.stream('increments'), lastSaleAt, nodes) : [];
  return new FaultPlan(
    [...all, ...contradiction, ...slow, ...overHolds, ...atLimit].filter(({ on }) => !spared.has(on)),
  );
}

function drawOutage(random: SeededRandom, lastSaleAt: number): Fault {
  const kind = random.pick(['network refuses', 'network lost'] as const);
  const network = random.pick(NETWORKS);
  return { on: 'line', kind, network, from: random.between(0, lastSaleAt / 4), to: lastSaleAt };
}

function drawCrashOverIncrements(random: SeededRandom, lastSaleAt: number, nodes: number): Fault[] {
  if (!random.chance(OVER_INCREMENTS)) return [];
  const from = random.between(0, lastSaleAt / 2);
  const to = from + random.between(50, 5_000);
  return [{ on: 'node', kind: 'crash over increments', node: random.integer(nodes), from, to }];
}

/** What the consensus calls rejected and has all the same shows only where a network declines meanwhile. */
function drawContradiction(random: SeededRandom, lastSaleAt: number): Fault[] {
  if (!random.chance(CONTRADICTIONS)) return [];
  return [{ on: 'pop', kind: 'contradicting', share: 0.9, from: 0, to: lastSaleAt }];
}

/** Where copies come, requests wait: of two of a kind the first may be refused and the second be let in. */
function drawSlowness(random: SeededRandom, lastSaleAt: number): Fault[] {
  return random.chance(SLOWNESS) ? [{ on: 'hsm', kind: 'slow', from: 0, to: lastSaleAt }] : [];
}

/** A peer of the HSM has a rate: beyond it payments are served and nothing else, or the other way round. */
function drawLimit(random: SeededRandom, lastSaleAt: number): Fault[] {
  if (!random.chance(AT_ITS_LIMIT)) return [];
  const kind = random.pick(['busy with payments', 'busy with the rest'] as const);
  const from = random.between(0, lastSaleAt);
  return [{ on: 'hsm', kind, from, to: from + random.between(500, LONGEST_MS) }];
}

/** Where workers are apart half of what befalls a node befalls its worker instead. */
function atWorker(fault: Fault, random: SeededRandom): Fault {
  const mayBe = fault.on === 'node' || fault.on === 'database';
  return mayBe && random.stream(String(fault.from)).chance(0.5) ? { ...fault, ofWorker: true } : fault;
}

function drawCrashOverKeys(random: SeededRandom, lastSaleAt: number, nodes: number): Fault[] {
  if (!random.chance(0.5)) return [];
  const from = random.between(0, lastSaleAt);
  const to = from + random.between(50, 5_000);
  return [{ on: 'node', kind: 'crash over keys', node: random.integer(nodes), from, to }];
}

/**
 * Incidents come in pairs: what was paused long enough to be replaced dies soon after it goes on, and a consensus that
 * was away is not well at once when it is back.
 */
function sequelOf(fault: Fault, random: SeededRandom): Fault[] {
  const { to: from } = fault;
  if (fault.on === 'node' && fault.kind === 'pause' && random.chance(0.5)) {
    const { node } = fault;
    const name = random.pick(['intended', 'forked', 'network-answered', 'joined'] as const);
    const to = from + random.between(5, 5_000);
    return [{ on: 'node', kind: 'crash at', node, from, to, checkpoint: { name, count: 1 } }];
  }
  if (fault.on === 'pop' && (fault.kind === 'down' || fault.kind === 'silent') && random.chance(0.5)) {
    const kind = random.pick(['overtaken', 'failing'] as const);
    return [{ on: 'pop', kind, share: 0.9, from, to: from + random.between(2_000, LONGEST_MS) }];
  }
  return [];
}

function drawFault(random: SeededRandom, lastSaleAt: number, nodes: number): Fault {
  const from = random.between(0, lastSaleAt);
  const lengthMs = random.chance(0.5) ? random.between(5, 2_000) : random.between(500, LONGEST_MS);
  const span = { from, to: from + lengthMs };
  const share = random.pick([0.1, 0.5, 0.9, 1] as const);
  const node = random.integer(nodes);
  const network: NetworkName | undefined = random.pick(NETWORKS);
  const on = random.pick(PLACES);
  switch (on) {
    case 'network':
      return { on, kind: random.pick(NETWORK_FAULTS), share, network, ...span };
    case 'pop':
      return { on, kind: random.pick(POP_FAULTS), share, ...span };
    case 'hsm':
      return { on, kind: random.pick(HSM_FAULTS), ...span };
    case 'line':
      return { on, kind: random.pick(LINE_FAULTS), network, ...span };
    case 'database':
      return { on, kind: random.pick(DATABASE_FAULTS), node, ...span };
    case 'operator':
      return { on, kind: random.pick(OPERATED), ...span };
    case 'node':
      return drawNodeFault(random, node, span);
  }
}

function drawNodeFault(random: SeededRandom, node: number, span: { from: number; to: number }): Fault {
  const { from } = span;
  const on = 'node';
  const kind = random.pick(NODE_FAULTS);
  switch (kind) {
    case 'crash at': {
      const checkpoint = { name: random.pick(CHECKPOINTS), count: 1 + random.integer(5) };
      return { on, kind, node, ...span, checkpoint };
    }
    case 'clock step': {
      const stepMs = random.pick([-86_400_000, -3_600_000, -1_000, 1_000, 3_600_000, 86_400_000] as const);
      return { on, kind, node, ...span, stepMs };
    }
    case 'pause':
      return { on, kind, node, from, to: from + pauseMs(random) };
    case 'crash loop':
      return { on, kind, node, from, to: from + random.between(1_000, LONGEST_CRASH_LOOP_MS) };
    default:
      return { on, kind, node, ...span };
  }
}

/** Half of them long enough for the lease to end. */
function pauseMs(random: SeededRandom): number {
  return random.chance(0.5) ? random.between(100, 9_000) : random.between(9_000, 30_000);
}
