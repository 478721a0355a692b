/**
 * More payments than a node carries, on virtual time: the real core with its gate, and an HSM that does so much in a
 * second and no more. What is carried, what is refused and how soon all is well again is then a matter of the core
 * alone, the same on every machine. What a machine of its own makes of it is measured by the benches.
 */
import { FaultPlan } from '../faults.ts';
import { PLAIN } from '../features.ts';
import { UNCHANGED, type WrapperMutant } from '../mutants/wrapper-mutant.ts';
import type { HabitOfNetworks } from '../peers/habits/habit.ts';
import { createNetworks } from '../peers/networks.ts';
import { ProofService } from '../peers/proof-service.ts';
import { Terminal } from '../peers/terminal.ts';
import { MERCHANTS, ofNode, settingsOf } from '../settings.ts';
import { SwitchNode } from '../switch-node.ts';
import { TRAVEL_MS } from '../terminals.ts';
import { HeadDisks } from '../world/audit.ts';
import { Database } from '../world/database.ts';
import type { HsmCapacity } from '../world/hsm.ts';
import { LogCapture } from '../world/log-capture.ts';
import { Network } from '../world/network.ts';
import { World } from '../world/world.ts';
import { type Asked, Till } from './till.ts';

export interface LoadResult {
  readonly seed: number;
  /** Payments in a second: what the HSM carries, and what is offered at the height of it. */
  readonly carries: number;
  readonly offered: number;
  /** Of what is carried, how much was approved while more was offered, as a part of 1. */
  readonly share: number;
  readonly approved: number;
  readonly refused: number;
  readonly unanswered: number;
  /** The latest answer, after so many milliseconds. */
  readonly latestMs: number;
  /** Once no more was offered than is carried: so long until everything is approved again, and soon. */
  readonly backAfterMs: number;
  /** What is not as it must be. */
  readonly wrong: readonly string[];
}

/** Two requests to the HSM are a payment: its proof, and the seal of its answer. */
const HSM: HsmCapacity = { slots: 2, serviceMs: 4 };
const CALLS_OF_A_PAYMENT = 2;
const CARRIES = (HSM.slots * 1_000) / HSM.serviceMs / CALLS_OF_A_PAYMENT;
const OVER = 3;
const USUAL = 0.5;
const TILLS = 8;
const STARTS_MS = 1_000;
const FLOOD_FROM_MS = 3_000;
const FLOOD_TO_MS = 9_000;
const OFFERED_UNTIL_MS = 14_000;
const ENDS_MS = 18_000;
const LAST_STAN = 999_999;
const APPROVED = '00';
/** What is asked of a node. */
const LEAST_SHARE = 0.85;
const BACK_WITHIN_MS = 2_000;
/** A payment is soon answered within this time. */
const SOON_MS = 500;
const WINDOW_MS = 250;

/** An issuer that says yes, and says it soon: what is late is late with us. */
const WELL: HabitOfNetworks = {
  name: 'well',
  network: {
    decides: () => ({ code: APPROVED }),
    fares: (_, __, random) => ({ actAfterMs: 5, answerAfterMs: random.between(5, 20) }),
  },
};

export async function runLoad(seed: number, mutant: WrapperMutant = UNCHANGED): Promise<LoadResult> {
  const world = new World(seed, false);
  const asked: Asked[] = [];
  const node = await open(world, mutant, asked);
  await world.scheduler.run(() => world.now > ENDS_MS);
  const late = world.violations.map(({ invariant, what }) => `${invariant}: ${what}`);
  return judge(seed, asked, [...late.slice(0, 3), ...leftOf(node)]);
}

async function open(world: World, mutant: WrapperMutant, asked: Asked[]): Promise<SwitchNode> {
  const shape = world.random.stream('load');
  const network = new Network(world.random.stream('network'));
  const database = new Database(world);
  mutant.tables(database.tables);
  Object.assign(database, { strays: 0, deadlocks: 0 });
  const faults = new FaultPlan([]);
  const networks = createNetworks(world, { faults, habits: [WELL] });
  for (const host of Object.values(networks)) await host.listen(network.socketsOf(host.process));

  const { admission: _, fallback: __, ...usual } = settingsOf(shape, PLAIN);
  const merchant = MERCHANTS.find(({ pop }) => pop === 'off')?.id ?? '';
  const settings = {
    ...usual,
    terminals: usual.terminals.map((each) => ({ ...each, merchant })),
    ...ofNode('node-1', usual),
  };
  const around = {
    world,
    network,
    database,
    networks,
    faults,
    mutant,
    hsmCapacity: HSM,
    proofs: new ProofService(world, faults),
    logs: new LogCapture(),
    headDisks: new HeadDisks(),
  };
  const node = new SwitchNode(settings, around);
  node.start();

  const tills = settings.terminals.slice(0, TILLS).map(({ id }) => {
    const [listener] = settings.listeners;
    if (!listener) throw new Error('the development settings lack a listener');
    const terminal = new Terminal(
      {
        id,
        merchant,
        listener,
        listeners: settings.listeners,
        habits: [],
        nodes: ['node-1'] as const,
        answerLimitMs: settings.deadlineMs + TRAVEL_MS,
        takesPartialApproval: true,
        expectsWrongSeals: false,
        stans: { first: 1, last: LAST_STAN },
      },
      world,
      (process) => network.socketsOf(process),
    );
    return new Till(terminal, asked);
  });
  offer(world, tills);
  return node;
}

/** By chance as people come, each at whichever till. */
function offer(world: World, tills: readonly Till[]): void {
  const random = world.random.stream('people');
  const next = () => {
    const { now } = world;
    if (now > OFFERED_UNTIL_MS) return;
    const isFlood = now >= FLOOD_FROM_MS && now < FLOOD_TO_MS;
    tills[random.integer(tills.length)]?.sell();
    const everyMs = 1_000 / (CARRIES * (isFlood ? OVER : USUAL));
    world.scheduler.after(random.between(0, 2 * everyMs), 'people', next);
  };
  world.scheduler.after(STARTS_MS, 'people', next);
}

function leftOf({ isUp, atWork }: SwitchNode): string[] {
  if (!isUp) return ['the node is down'];
  return Object.entries(atWork).flatMap(([what, count]) => (count > 0 ? `still ${count} ${what}` : []));
}

function judge(seed: number, asked: readonly Asked[], left: readonly string[]): LoadResult {
  const isApproved = ({ answer }: Asked) => answer?.code === APPROVED;
  const inFlood = asked.filter(
    ({ answer }) => answer && answer.at >= FLOOD_FROM_MS && answer.at < FLOOD_TO_MS,
  );
  const approvedInFlood = inFlood.filter(isApproved).length;
  const share = approvedInFlood / ((CARRIES * (FLOOD_TO_MS - FLOOD_FROM_MS)) / 1_000);
  const latestMs = asked.reduce((most, { at, answer }) => Math.max(most, answer ? answer.at - at : 0), 0);
  const backAfterMs = backAfter(asked);

  const wrong = [...left];
  if (share < LEAST_SHARE) wrong.push(`${percent(share)} of what is carried was approved`);
  if (backAfterMs > BACK_WITHIN_MS) wrong.push(`well again only ${backAfterMs} ms after the flood`);
  return {
    seed,
    carries: CARRIES,
    offered: CARRIES * OVER,
    share,
    latestMs: Math.round(latestMs),
    backAfterMs,
    approved: asked.filter(isApproved).length,
    refused: asked.filter((each) => each.answer && !isApproved(each)).length,
    unanswered: asked.filter(({ answer }) => !answer).length,
    wrong,
  };
}

/** Until the end of the last stretch of time in which somebody was not soon approved. */
function backAfter(asked: readonly Asked[]): number {
  const isWell = ({ at, answer }: Asked) => answer?.code === APPROVED && answer.at - at <= SOON_MS;
  const last = asked.findLast((each) => each.at >= FLOOD_TO_MS && !isWell(each));
  return last ? Math.ceil((last.at - FLOOD_TO_MS) / WINDOW_MS) * WINDOW_MS : 0;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function loadText({ wrong, ...result }: LoadResult): string {
  return [
    `seed ${result.seed}: ${result.offered} payments a second offered for ${(FLOOD_TO_MS - FLOOD_FROM_MS) / 1_000} virtual seconds, ${result.carries} are carried`,
    `  approved meanwhile: ${percent(result.share)} of what is carried; latest answer after ${result.latestMs} ms; well again after ${result.backAfterMs} ms`,
    `  in all ${result.approved} approved, ${result.refused} refused, ${result.unanswered} unanswered`,
    ...wrong.map((what) => `  wrong: ${what}`),
  ].join('\n');
}
