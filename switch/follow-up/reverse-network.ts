import {
  type NetworkConnector,
  notFoundRules,
  type ReversalReason,
  type ReversalRequest,
  reversalMeaning,
  type TransactionFacts,
} from '../../connectors/index.ts';
import type { Ports } from '../ports.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import { type Holding, holdingsOf } from '../transaction/increments.ts';
import { traceOf } from '../transaction/leg-traces.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import { mayRepeat } from './queue-task.ts';
import type { Retry } from './retry-policy.ts';

export type NetworkPorts = Pick<Ports, 'journal' | 'networks' | 'hsm' | 'clock' | 'settings' | 'log'> & {
  readonly retry: Retry;
};

/**
 * Reverses the network leg, down to what stands of the transaction, until the network acknowledges: message by message,
 * where others added to the first. From the second attempt on the repeat MTI is sent: the network makes one effect of
 * it, however often it hears of it. "Not found" is no acknowledgement: see `notFound`.
 *
 * A refusal ends this follow-up, and nothing else: it is put before people, the other messages are reversed all the
 * same, and the next follow-up (a later reversal, or a replay by people) asks for what is too much then.
 */
export async function reverseNetwork(job: FollowUpJob, ports: NetworkPorts): Promise<FollowUpResult> {
  const refused = new Map<string | undefined, string>();
  for (;;) {
    const transaction = await readTransaction(ports.journal, job.transaction);
    if (!transaction.opening) return { done: true };

    const tooMuch = holdingsOf(transaction).find(
      ({ networkMinorUnits, standingMinorUnits, increment }) =>
        networkMinorUnits > standingMinorUnits &&
        !refused.has(increment?.key) &&
        !traceOf(transaction, increment?.key).isGivenUp,
    );
    if (!tooMuch) return endAfter([...refused.values()]);

    const ended = await reverseHolding(job, transaction, tooMuch, ports);
    if (ended && 'refused' in ended) refused.set(tooMuch.increment?.key, ended.refused);
    else if (ended) return ended;
  }
}

function endAfter([code]: readonly string[]): FollowUpResult {
  return code === undefined ? { done: true } : { park: `the network refuses the reversal with code ${code}` };
}

/** @returns how the follow-up ends, that the network refuses, or nothing where this message's part is reversed */
async function reverseHolding(
  job: FollowUpJob,
  transaction: Transaction,
  { increment, standingMinorUnits }: Holding,
  ports: NetworkPorts,
): Promise<FollowUpResult | { readonly refused: string } | undefined> {
  const { opening } = transaction;
  if (!opening) return { done: true };
  const connector = ports.networks.get(opening.network);
  if (!connector) return { park: `no connector for network ${opening.network}` };
  const outcome = await connector.reverse(
    {
      facts: increment?.facts ?? factsOf(opening.facts, transaction),
      pan: await ports.hsm.revealPan(Buffer.from(opening.panCiphertext, 'base64')),
      ...networkNumbers(transaction, increment?.key),
      original: originalOf(transaction),
      reason: reasonOf(transaction, standingMinorUnits),
      ...(standingMinorUnits > 0 && { remainingMinorUnits: standingMinorUnits }),
      // A network that found nothing the last time is asked anew: "known already" would be no answer.
      repeat: mayRepeat(job) && traceOf(transaction, increment?.key).notFound === 0,
    },
    ports.clock.monotonic() + ports.settings.followUps.attemptTimeoutMs,
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

/** What was completed for more than was asked at first is known to the network by what was taken. */
function factsOf(facts: TransactionFacts, { capturedMinorUnits = 0 }: Transaction): TransactionFacts {
  const { amount } = facts;
  if (capturedMinorUnits <= amount.minorUnits) return facts;
  return { ...facts, amount: { ...amount, minorUnits: capturedMinorUnits } };
}

export function answered(code: string): string {
  return `the network answered ${code}`;
}

/**
 * What the network itself calls the transaction, as far as it told us; or was told, of what was approved in its stead.
 */
export function networkNumbers(transaction: Transaction, increment?: string) {
  const { decided } = transaction;
  if (decided?.network.status === 'unreachable' && decided.network.standIn?.approved) {
    return { approvalCode: decided.network.standIn.approvalCode };
  }
  const known = decided?.network.status === 'approved' ? decided.network : traceOf(transaction, increment);
  const { networkReference, approvalCode } = known;
  return {
    ...(networkReference !== undefined && { networkReference }),
    ...(approvalCode !== undefined && { approvalCode }),
  };
}

/** A network that was never asked knows the transaction by the advice that told it. */
function originalOf({ opening, decided }: Transaction): ReversalRequest['original'] {
  const isStoodIn = decided?.network.status === 'unreachable' && decided.approved;
  return isStoodIn || opening?.facts.kind === 'offline-purchase' ? 'advice' : 'request';
}

function reasonOf({ takenBack }: Transaction, standingMinorUnits: number): ReversalReason {
  if (standingMinorUnits > 0) return 'partial';
  return takenBack === undefined ? 'no-confirmation' : 'customer';
}
