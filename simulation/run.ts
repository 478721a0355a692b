import { listenToProbes } from '../runtime/index.ts';
import { arrange } from './arrange.ts';
import { checkModel, type EndOfPayment, endsOfPayments } from './check-model.ts';
import { drawFaults } from './draw-faults.ts';
import { type Fault, FaultPlan } from './faults.ts';
import { DAYS, drawFeatures, type Features } from './features.ts';
import { checkGuests } from './guests/check-guests.ts';
import { type GuestHosts, openGuestNetworks } from './guests/guest-networks.ts';
import { KEY_LIVES, TOLD_MERCHANTS, withGuests } from './guests/guest-settings.ts';
import { Guests } from './guests/guests.ts';
import { sayOnLines } from './guests/line-words.ts';
import { MerchantInbox } from './guests/merchant-inbox.ts';
import { ODD_ANSWERS } from './guests/odd-answers.ts';
import { withOddLines } from './guests/odd-lines.ts';
import { UNCHANGED, type WrapperMutant } from './mutants/wrapper-mutant.ts';
import { checkInvariants } from './oracle/invariants.ts';
import { COMES_BACK_WITHIN_MS } from './orders.ts';
import { type HabitName, networkHabits } from './peers/habits/all-habits.ts';
import type { NetworkMessage } from './peers/host-messages.ts';
import type { NetworkHost } from './peers/network-host.ts';
import { createNetworks } from './peers/networks.ts';
import { ProofService } from './peers/proof-service.ts';
import { ofNode, settingsOf } from './settings.ts';
import type { Simulation } from './simulation.ts';
import { numbersOf, withJournal } from './story/journal-lines.ts';
import { SwitchNode } from './switch-node.ts';
import { type Tally, tallyOf } from './tally.ts';
import { TRAVEL_MS, terminalsOf } from './terminals.ts';
import { WorkerNode } from './worker-node.ts';
import { Workload } from './workload.ts';
import { HeadDisks } from './world/audit.ts';
import { ProofProjector } from './world/awaited-proofs.ts';
import { Database } from './world/database.ts';
import type { Tables } from './world/database-tables.ts';
import { LogCapture } from './world/log-capture.ts';
import { Network } from './world/network.ts';
import { SeededRandom } from './world/seeded-random.ts';
import { SettingsVersions } from './world/settings-versions.ts';
import { type Line, type Violation, World } from './world/world.ts';

export interface RunOptions {
  readonly seed: number;
  readonly mutant?: WrapperMutant;
  /** Keep a timeline of what happened. */
  readonly isTold?: boolean;
  /** Instead of those that the seed draws. */
  readonly faults?: readonly Fault[];
  /** Instead of those that the seed draws. */
  readonly features?: Features;
  /** Habits that are on besides, awaited or not. */
  readonly forced?: readonly HabitName[] | undefined;
  /** Of the payments that the seed draws, only these: numbers from 0. */
  readonly payments?: readonly number[];
  /** What terminals do not come back for, by the names of `RunResult.wishes`. */
  readonly leavesOut?: ReadonlySet<string>;
  /** Which deal of its latencies: 0 is the seed itself. */
  readonly deal?: number;
}

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The same for the same seed and code, always. */
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly payments: number;
  readonly approved: number;
  readonly tally: Tally;
  readonly faults: readonly Fault[];
  readonly features: Features;
  /** How many payments the seed draws, whatever came of them. */
  readonly drawn: number;
  readonly timeline: readonly Line[];
  /** What terminals came back for, by name. */
  readonly wishes: readonly string[];
  /** Of a run that is told: how each payment ended, for everybody. */
  readonly ends: readonly EndOfPayment[];
  /** Of such a run: which payment each transaction is, by the last three digits of its amount. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** So soon a crowd has paid. */
const CROWD_MS = 6_000;
/** No payment begins after this, and nobody comes back to one after that. */
const LAST_PAYMENT_MS = 30_000;
const LAST_WISH_MS = LAST_PAYMENT_MS + COMES_BACK_WITHIN_MS + 3_000;
/** Within this time of the last fault everything must have come to its end. */
const SETTLED_WITHIN_MS = 300_000;
/** A run is over when nothing has been written for so long, once all seems over. */
const AFTERMATH_MS = 20_000;

/** Runs one seed to its end and checks the invariants. The same seed and code always give the same result. */
export async function runSeed(options: RunOptions): Promise<RunResult> {
  const rejected: unknown[] = [];
  const noteRejection = (error: unknown) => rejected.push(error);
  process.on('unhandledRejection', noteRejection);
  let stopListening = () => {};
  try {
    const simulation = await prepare(options);
    stopListening = listenToProbes((probe) => simulation.world.sometimes(probe));
    await live(simulation).catch((error) => simulation.world.violate('process', String(error)));
    await new Promise((resolve) => setImmediate(resolve));
    const { world, workload, faults } = simulation;
    for (const error of rejected) {
      world.violate('process', `a promise was rejected unheard: ${String(error)}`);
    }
    checkInvariants(simulation);
    checkGuests(simulation);
    checkModel(simulation);
    const tally = tallyOf(simulation);
    for (const probe of world.seen) tally[probe] ??= 1;
    const { scheduler } = world;
    return {
      seed: options.seed,
      violations: world.violations,
      hash: scheduler.hash.toString(16).padStart(8, '0'),
      events: scheduler.events,
      virtualMs: world.now,
      payments: workload.payments.length,
      approved: workload.payments.filter(({ belief }) => belief === 'approved').length,
      tally,
      faults: faults.faults,
      features: simulation.features,
      drawn: simulation.drawn,
      timeline: options.isTold ? withJournal(world, simulation.database.tables) : [],
      wishes: [...workload.wishes],
      ends: options.isTold ? endsOfPayments(simulation) : [],
      numbers: options.isTold ? numbersOf(simulation.database.tables) : new Map(),
    };
  } finally {
    stopListening();
    process.off('unhandledRejection', noteRejection);
  }
}

async function prepare({
  seed,
  mutant = UNCHANGED,
  isTold = false,
  faults,
  features: given,
  forced,
  payments,
  leavesOut,
  deal,
}: RunOptions): Promise<Simulation> {
  const features = given ?? drawFeatures(new SeededRandom(seed, 'features'), forced);
  const world = new World(seed, isTold, DAYS[features.day], deal);
  const shape = world.random.stream('shape');
  const nodeCount = shape.chance(0.5) ? 2 : 1;
  const spanMs = shape.between(2_000, features.isCrowd ? CROWD_MS : LAST_PAYMENT_MS);
  const plan = faults
    ? new FaultPlan(faults)
    : drawFaults(world.random.stream('faults'), spanMs, nodeCount, features);

  const network = new Network(world.random.stream('network'));
  network.maxLatencyMs = shape.pick([0.5, 2, 20] as const);
  const database = new Database(world);
  mutant.tables(database.tables);
  const networks = createNetworks(world, { faults: plan, habits: networkHabits(features.habits) });
  const proofs = new ProofService(world, plan);
  const logs = new LogCapture();
  const headDisks = new HeadDisks();
  for (const host of Object.values(networks)) await host.listen(network.socketsOf(host.process));
  const guestHosts = features.hasGuests
    ? await openGuestNetworks(world, network, { faults: plan, habits: features.isOdd ? [ODD_ANSWERS] : [] })
    : undefined;
  const inbox = features.hasGuests ? new MerchantInbox(world, TOLD_MERCHANTS) : undefined;
  const hosts = { networks, guestHosts, proofs, inbox };
  const versions = features.changesSettings ? new SettingsVersions(world, database) : undefined;
  const around = { world, network, database, ...hosts, faults: plan, logs, headDisks, versions };

  const settings = settingsOf(shape, features);
  const keyLife = features.changesKeys ? shape.stream('keys').pick(KEY_LIVES) : undefined;
  const guested = features.hasGuests ? withGuests(settings, keyLife) : settings;
  const known = features.isOdd ? withOddLines(guested) : guested;
  new ProofProjector(world, database, settings.pop.finalityMs);
  const settingsFor = (index: number) => ({ ...known, ...ofNode(`node-${index + 1}`, known) });
  const nodes = Array.from(
    { length: nodeCount },
    (_, index) => new SwitchNode(settingsFor(index), { ...around, mutant }, features.hasWorker),
  );
  const workers = features.hasWorker
    ? nodes.map((_, index) => new WorkerNode(settingsFor(index), { ...around, mutant }))
    : [];
  const workload = new Workload(world, features, leavesOut);
  const drawn = 8 + shape.integer(30);
  const guests = guestHosts && guestsOf({ ...around, guestHosts, nodes, settings: known });
  const simulation = { ...around, nodes, workers, workload, guests, settings, features, drawn };

  for (const process of [...nodes, ...workers]) process.start();
  const numbers = payments ?? Array.from({ length: drawn }, (_, number) => number);
  workload.schedule(terminalsOf(simulation, settings, shape.stream('terminals')), numbers, spanMs);
  guests?.schedule(spanMs);
  versions?.schedule(known, spanMs);
  if (guestHosts && features.isOdd) {
    sayOnLines(world, Object.values(guestHosts) as NetworkHost<NetworkMessage>[]);
  }
  for (const fault of plan.faults) arrange(fault, simulation);
  return simulation;
}

function guestsOf({
  world,
  network,
  settings,
  guestHosts: hosts,
  nodes,
  faults,
}: Pick<Simulation, 'world' | 'network' | 'settings' | 'nodes' | 'faults'> & {
  readonly guestHosts: GuestHosts;
}): Guests {
  return new Guests({
    world,
    network,
    settings,
    hosts,
    nodes: nodes.map(({ name }) => name),
    expectsWrongSeals: faults.faults.some(({ kind }) => kind === 'garbled'),
    answerLimitMs: settings.deadlineMs + TRAVEL_MS,
  });
}

/** Lets the run come to its end: all faults over, every payment answered, nothing left to do. */
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
  if (isSettled) await settle(simulation);
  else world.violate('I8 liveness', `not all is over ${SETTLED_WITHIN_MS / 1_000} s after the last fault`);
  await comeToRest(simulation);
}

/** What a network says late is looked for, reversed and signed for: that begins when all seems over. */
async function comeToRest({ world, database: { tables } }: Simulation): Promise<void> {
  const mustBeOverBy = world.now + SETTLED_WITHIN_MS;
  let written: number;
  do {
    written = entriesIn(tables);
    const end = world.now + AFTERMATH_MS;
    await world.scheduler.run(() => world.now > end);
  } while (entriesIn(tables) > written && world.now < mustBeOverBy);
  if (entriesIn(tables) > written) world.violate('I8 liveness', 'the journal does not come to rest');
}

function entriesIn({ journal }: Tables): number {
  return [...journal.values()].reduce((sum, { length }) => sum + length, 0);
}

/** Every terminal closes its batches, at the end of the day. */
async function settle(simulation: Simulation): Promise<void> {
  const { world, workload } = simulation;
  const mustBeOverBy = world.now + SETTLED_WITHIN_MS;
  workload.settleAll();
  await world.scheduler.run(() => isQuiet(simulation) || world.now > mustBeOverBy);
  if (!isQuiet(simulation)) world.violate('I8 liveness', 'the batches cannot be closed');
}

function isQuiet({ workload, guests, database, networks, nodes, workers }: Simulation): boolean {
  return (
    workload.isOver &&
    (guests?.isOver ?? true) &&
    database.tables.jobs.size === 0 &&
    database.tables.awaited.isQuiet &&
    Object.values(networks).every(({ isIdle }) => isIdle) &&
    workers.every(({ isUp }) => isUp) &&
    nodes.every((node) => node.isUp && node.unsettled === 0 && node.inFlight === 0)
  );
}
