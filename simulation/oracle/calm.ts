import { THOUSAND } from '../orders.ts';
import type { HabitName } from '../peers/habits/all-habits.ts';
import { PAYMENTS } from '../peers/services.ts';
import type { Simulation } from '../simulation.ts';
import { networkOf } from './expectation.ts';

/** Habits for which a payment may well be refused, or stood in for, though nothing is broken. */
const DISTURBING: ReadonlySet<HabitName> = new Set<HabitName>([
  'answers-after-5-s',
  'forgets-early-reversals',
  'silent-issuer',
  'swaps-answers',
  'unknown-codes',
  'wait-first',
  'acts-after-its-time-out',
  'forged-requests',
  'same-de41',
]);
const IS_CUT_OFF = /"degraded-mode\.opened","mode":"network-degraded:(\w+)","isOpen":true,"by":"trend"/;
const WINDOW_MS = 25_000;
/** So many that one of them unanswered is no trend. */
const MANY = 10;
/** Links are opened and signed on when a node starts, so soon after it. */
const SIGNED_ON_WITHIN_MS = 1_000;
/** Issuer or network cannot be reached. */
const UNREACHABLE = '91';

/** I8 in a run without faults: nothing is refused for want of a network. */
export function checkCalm(simulation: Simulation): void {
  const { faults, features, settings } = simulation;
  checkAnsweredInTime(simulation);
  if (faults.faults.length > 0 || settings.admission !== undefined) return;
  const disturbing = [...features.habits].filter((name) => DISTURBING.has(name));
  if (disturbing.length === 0) checkAnswers(simulation);
  if (disturbing.length === 1 && disturbing[0] === 'silent-issuer') checkModes(simulation);
}

/**
 * One issuer that is silent says nothing of its network: where others are heard, no mode opens. Each node counts for
 * itself, so only runs with one are looked at.
 */
function checkModes({ world, logs, nodes, workload }: Simulation): void {
  if (nodes.length > 1) return;
  world.sometimes('silent issuer in a calm run');
  for (const [index, line] of logs.lines.entries()) {
    const network = IS_CUT_OFF.exec(line)?.[1];
    if (network === undefined) continue;
    const openedAt = logs.times[index] ?? 0;
    const heard = workload.payments.filter((payment) => {
      const { at = 0, code = UNREACHABLE } = payment.told[0] ?? {};
      const isInWindow = at < openedAt && at > openedAt - WINDOW_MS;
      const isAsked = !PAYMENTS[payment.order.kind].isTold && code !== UNREACHABLE;
      return networkOf(payment) === network && isInWindow && isAsked;
    });
    if (heard.length < MANY) continue;
    const others = `${heard.length} of other issuers were heard`;
    world.violate('I9 isolation', `one silent issuer cut ${network} off, though ${others}`);
  }
}

function checkAnswers({ world, workload, nodes }: Simulation): void {
  world.sometimes('calm run');
  // Where a statement was long on its way a node could not begin, and its supervisor started it once more.
  const starts = nodes.flatMap(({ startedAt }) => startedAt);
  const isBeforeSignOn = (at: number) =>
    starts.some((from) => at >= from && at <= from + SIGNED_ON_WITHIN_MS);
  for (const { name, told } of workload.payments) {
    // What it was told before all links were signed on it is told again, however late it asks.
    const [first] = told;
    const refused = first?.code === UNREACHABLE && !isBeforeSignOn(first.at) ? first : undefined;
    if (refused) world.violate('I8 liveness', `${name} was told ${refused.code} though nothing was wrong`);
  }
}

/** The way to the switch and what it does of an answer. */
const IN_TIME_MS = 100;
/** Habits of networks that spoil the answer itself, or give it to another. */
const SPOILT_BY: readonly HabitName[] = ['swaps-answers', 'unknown-codes'];

/** Where at most the consensus is away, an approval that comes in time is one. */
function checkAnsweredInTime({ world, faults, features, networks, workload }: Simulation): void {
  if (faults.faults.some(({ on }) => on !== 'pop')) return;
  if (SPOILT_BY.some((name) => features.habits.has(name))) return;
  for (const payment of workload.payments) {
    const { name, order, terminal, told } = payment;
    const sent = networks[networkOf(payment)].sent.find(
      (one) =>
        order.amount > 0 && one.number === order.amount % THOUSAND && one.terminal === terminal.settings.id,
    );
    if (!sent || sent.at > sent.deadline - IN_TIME_MS) continue;
    if (told[0]?.code !== UNREACHABLE) continue;
    world.violate('I8 liveness', `${name} was told ${UNREACHABLE}, though its network approved it in time`);
  }
}
