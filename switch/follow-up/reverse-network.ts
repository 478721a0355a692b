import {
  type NetworkConnector,
  notFoundRules,
  type ReversalReason,
  reversalMeaning,
} from '../../connectors/index.ts';
import { takeBackRules } from '../config/take-backs.ts';
import type { Ports } from '../ports.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import { type Holding, holdingsFor, holdingsOf } from '../transaction/increments.ts';
import { traceOf } from '../transaction/leg-traces.ts';
import { asNetworkKnows } from '../transaction/network-facts.ts';
import { networkNumbers } from '../transaction/network-numbers.ts';
import { isUnfinished } from '../transaction/several-completions.ts';
import { waitUntil } from './patience.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import { isToReinstate, reinstate } from './reinstate.ts';
import type { Retry } from './retry-policy.ts';
import { reversalFacts } from './reversal-facts.ts';
import { reversalNumbers } from './reversal-numbers.ts';
import { isUntoldVoid, tellOfVoid, untilTold } from './tell-of-void.ts';

export type NetworkPorts = Pick<
  Ports,
  'journal' | 'networks' | 'numbers' | 'hsm' | 'clock' | 'settings' | 'log'
> & {
  readonly retry: Retry;
};

/**
 * Reverses the network leg, down to what stands of the transaction, until the network acknowledges: message by message,
 * where others added to the first. What may have been sent before is sent again under the same numbers, with the repeat
 * MTI: the network makes one effect of it, however often it hears of it. "Not found" is no acknowledgement, and what
 * comes after it is another reversal: see `notFound`.
 *
 * A refusal ends this follow-up, and nothing else: it is put before people, the other messages are reversed all the
 * same, and the next follow-up (a later reversal, or a replay by people) asks for what is too much then.
 */
export async function reverseNetwork(job: FollowUpJob, ports: NetworkPorts): Promise<FollowUpResult> {
  const ended = await reverseDownTo(holdingsNow, job, ports);
  if (!('refused' in ended)) return ended;
  return { park: `the network refuses the reversal with code ${ended.refused}` };
}

/** Of at least one message, with this code: the case is open. */
interface Refused {
  readonly refused: string;
}

/** Of what is billed in parts all that was authorised is held until the last part, or its end: none is too much. */
function holdingsNow(now: Transaction): Holding[] {
  const { state, capturedMinorUnits, standingMinorUnits, heldMinorUnits = standingMinorUnits } = now;
  const isWhole = capturedMinorUnits === standingMinorUnits;
  const isAwaited = state === 'captured' && isUnfinished(now) && isWhole && !now.isHoldExpired;
  return isAwaited ? holdingsFor(now, heldMinorUnits) : holdingsOf(now);
}

/**
 * Reverses what is held beyond a completion, message by message: the network is told of what is taken behind it, and
 * finds what it still has to hold.
 */
export function reverseRest(job: FollowUpJob, ports: NetworkPorts): Promise<FollowUpResult | Refused> {
  return reverseDownTo((now) => holdingsFor(now, now.capturedMinorUnits ?? 0), job, ports);
}

async function reverseDownTo(
  holdings: (transaction: Transaction) => Holding[],
  job: FollowUpJob,
  ports: NetworkPorts,
): Promise<FollowUpResult | Refused> {
  const refused = new Map<string | undefined, string>();
  for (;;) {
    const transaction = await readTransaction(ports.journal, job.transaction);
    if (!transaction.opening) return { done: true };

    const tooMuch = holdings(transaction).find(
      ({ networkMinorUnits, standingMinorUnits, increment }) =>
        networkMinorUnits > standingMinorUnits &&
        !refused.has(increment?.key) &&
        !traceOf(transaction, increment?.key).isGivenUp,
    );
    if (!tooMuch && isToReinstate(transaction)) {
      return reinstate(job, transaction, networkNumbers(transaction), ports);
    }
    if (!tooMuch) {
      const [code] = refused.values();
      return code === undefined ? { done: true } : { refused: code };
    }
    if (isUntoldVoid(transaction)) {
      const { voidWaitMs } = takeBackRules(ports.settings);
      const waitMs = untilTold(transaction, ports.clock.wall(), voidWaitMs);
      if (waitMs > 0) return { retryAfterMs: waitMs };
      await tellOfVoid(ports.journal, job.transaction);
      continue;
    }

    const ended = await reverseHolding(job, transaction, tooMuch, ports);
    if (ended && 'refused' in ended) refused.set(tooMuch.increment?.key, ended.refused);
    else if (ended) return ended;
  }
}

/** @returns how the follow-up ends, that the network refuses, or nothing where this message's part is reversed */
async function reverseHolding(
  job: FollowUpJob,
  transaction: Transaction,
  holding: Holding,
  ports: NetworkPorts,
): Promise<FollowUpResult | Refused | undefined> {
  const { opening } = transaction;
  const { increment, standingMinorUnits } = holding;
  if (!opening) return { done: true };
  const connector = ports.networks.get(opening.network);
  if (!connector) return { park: `no connector for network ${opening.network}` };
  const said = reversalFacts(transaction, holding, connector.rules);
  const numbers = await reversalNumbers(job, transaction, holding, connector.rules, ports);
  if (!said || !numbers) return ports.retry.again(job.attempt, 'there are no numbers for the reversal');

  const { repeat, ...own } = numbers;
  const { facts, ...words } = said;
  const named = asNetworkKnows(facts);
  const outcome = await connector.reverse(
    {
      facts: { ...named, ...own },
      names: { stan: named.stan, transmittedAt: named.transmittedAt },
      pan: await ports.hsm.revealPan(Buffer.from(opening.panCiphertext, 'base64')),
      ...networkNumbers(transaction, increment?.key),
      ...words,
      reason: reasonOf(transaction, holding),
      repeat,
    },
    waitUntil(job, ports),
  );

  const about = {
    attempts: job.attempt,
    remainingMinorUnits: standingMinorUnits,
    ...(increment && { increment: increment.key }),
  };
  switch (outcome.status) {
    case 'acknowledged': {
      if (reversalMeaning(outcome.code, connector.answers) === 'not-found') {
        return notFound({ job, connector, code: outcome.code, increment: increment?.key }, ports);
      }
      const body = { code: outcome.code, ...about };
      await appendNext(ports.journal, job.transaction, (now) =>
        heldOf(now, increment?.key) <= standingMinorUnits ? undefined : { kind: 'network-reversed', body },
      );
      return undefined;
    }
    case 'refused':
      if (ports.retry.isRetryable(outcome.code)) {
        return ports.retry.again(job.attempt, answered(outcome.code));
      }
      await appendNext(ports.journal, job.transaction, () => ({
        kind: 'network-reversal-refused',
        body: { code: outcome.code, ...about },
      }));
      return { refused: outcome.code };
    case 'not-asked':
      if (outcome.fault === 'inexpressible') return { park: outcome.reason };
      return ports.retry.again(job.attempt, outcome.reason);
    case 'unreachable':
    case 'unknown':
      return ports.retry.again(job.attempt, outcome.reason);
  }
}

interface NothingFound {
  readonly job: FollowUpJob;
  readonly connector: NetworkConnector;
  readonly code: string;
  /** Of which the reversal was, by its key. */
  readonly increment: string | undefined;
}

/**
 * The network knows of nothing to reverse. A leg whose approval was seen is named again, by all that the network calls
 * it, and is a case where it is not found then. One that nobody knows the outcome of may yet come to be: its reversal
 * may have overtaken it. It is sent again until the network itself has given the original up, and then the clearing
 * file has the last word.
 */
async function notFound(
  { job, connector, code, increment }: NothingFound,
  { journal, log }: NetworkPorts,
): Promise<FollowUpResult | undefined> {
  const { timeOutMs, repeats, repeatsOfSeen } = notFoundRules(connector.answers);
  let next: FollowUpResult | undefined;
  await appendNext(journal, job.transaction, (now) => {
    const { isSeen, notFound: before } = traceOf(now, increment);
    const times = before + 1;
    const most = isSeen ? repeatsOfSeen : repeats;
    const isLast = times > most;
    // Each wait is longer than the one before; the last two lie beyond the network's own time-out.
    next = isLast ? undefined : { retryAfterMs: (timeOutMs * times) / most };
    const body = {
      code,
      attempts: job.attempt,
      times,
      ...(isLast && { isLast: true as const }),
      ...(isSeen && { wasSeen: true as const }),
      ...(increment !== undefined && { increment }),
    };
    return { kind: 'network-not-found', body };
  });
  log.warn({ event: 'reversal.not-found', transaction: job.transaction, code, isLast: next === undefined });
  return next;
}

function heldOf(transaction: Transaction, key: string | undefined): number {
  const found = holdingsOf(transaction).find(({ increment }) => increment?.key === key);
  return found?.networkMinorUnits ?? 0;
}

export function answered(code: string): string {
  return `the network answered ${code}`;
}

function reasonOf({ takenBack, state }: Transaction, holding: Holding): ReversalReason {
  if (holding.standingMinorUnits > 0) return 'partial';
  // Nobody waits for an answer of it: what was held, or added, is of no use to the merchant any more.
  if (state === 'expired' || holding.increment?.state === 'approved') return 'customer';
  return takenBack === undefined ? 'no-confirmation' : 'customer';
}
