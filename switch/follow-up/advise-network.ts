import type { AdviceReason, AdviceRequest } from '../../connectors/index.ts';
import { appendNext, type NextEntry, readTransaction } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import { asNetworkKnows } from '../transaction/network-facts.ts';
import { type NetworkNames, networkNumbers } from '../transaction/network-numbers.ts';
import { isLast } from '../transaction/several-completions.ts';
import type { Telling } from '../transaction/tellings.ts';
import { waitUntil } from './patience.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import { mayRepeat } from './queue-task.ts';
import { answered, type NetworkPorts, reverseRest } from './reverse-network.ts';

/** What the network is told by one message. */
interface Told {
  readonly reason: AdviceReason;
  readonly minorUnits: number;
  /** By a message of its own: another amount, or one of several completions. */
  readonly telling?: Telling;
}

/**
 * Tells the network of a completion, an offline purchase, a stand-in approval or another amount, until it
 * acknowledges. It is told also of what was taken back since: an earlier attempt may have arrived, and the reversal
 * comes behind it. Only what it has reversed whole before it heard of it is not told: it would take it once more, for
 * nobody. What is held beyond a completion is reversed first; should the network refuse that, a case is open,
 * and the completion is told all the same: it is the merchant's money. Where nobody answers until this is given up, it
 * is not: once the network has heard of the completion nothing here knows of the rest any more.
 */
export async function adviseNetwork(job: FollowUpJob, ports: NetworkPorts): Promise<FollowUpResult> {
  const transaction = await readTransaction(ports.journal, job.transaction);
  const told = toldOf(transaction);
  if (!told || isOverUntold(transaction, job)) return { done: true };

  if (releasesRest(transaction, told) && transaction.network !== 'reversal-refused') {
    const rest = await reverseRest(job, ports);
    if ('retryAfterMs' in rest || 'park' in rest) return rest;
  }
  return advise(job, transaction, told, ports);
}

async function advise(
  job: FollowUpJob,
  transaction: Transaction,
  told: Told,
  ports: NetworkPorts,
): Promise<FollowUpResult> {
  const { opening } = transaction;
  if (!opening) return { done: true };
  const connector = ports.networks.get(opening.network);
  if (!connector) return { park: `no connector for network ${opening.network}` };

  const facts = asNetworkKnows(opening.facts);
  const pan = await ports.hsm.revealPan(Buffer.from(opening.panCiphertext, 'base64'));
  const isDeferred = told.reason === 'stand-in' && connector.rules.standInIsTold === 'deferred';
  const how = { ...(isDeferred && { asDeferred: true as const }), repeat: mayRepeat(job) };
  const outcome = await connector.advise(
    { ...adviceOf(transaction, told), facts, pan, ...how },
    waitUntil(job, ports),
  );
  switch (outcome.status) {
    case 'acknowledged':
    case 'refused': {
      const mayChange = outcome.status === 'refused' && ports.retry.isRetryable(outcome.code);
      if (mayChange) return ports.retry.again(job.attempt, answered(outcome.code));
      const names = outcome.status === 'acknowledged' ? newNames(transaction, outcome, isDeferred) : {};
      const answer = { code: outcome.code, attempts: job.attempt, ...names };
      const entry = entryOf(told, outcome.status, answer);
      await appendNext(ports.journal, job.transaction, (now) => (isDueIn(now, told) ? entry : undefined));
      // What is refused is a case, and asked no more: parked, it would keep what is to be given back from the network.
      return { done: true };
    }
    case 'not-asked':
      if (outcome.fault === 'inexpressible') return { park: outcome.reason };
      return ports.retry.again(job.attempt, outcome.reason);
    case 'unreachable':
    case 'unknown':
      return ports.retry.again(job.attempt, outcome.reason);
  }
}

function adviceOf(transaction: Transaction, { reason, minorUnits, telling }: Told) {
  const own = telling && { stan: telling.stan, transmittedAt: telling.transmittedAt };
  const part = telling?.part && { sequence: telling.part.sequence, count: telling.part.count };
  const advice: Omit<AdviceRequest, 'facts' | 'pan' | 'repeat'> = {
    ...networkNumbers(transaction),
    reason,
    minorUnits,
    ...(own && { own }),
    ...(part && { part }),
  };
  return advice;
}

/**
 * What the answer says that was not known: an identifier that came with the first the network heard of it; and of what
 * was asked after all the issuer's approval code, which goes before ours.
 */
function newNames(
  transaction: Transaction,
  { approvalCode, networkReference }: NetworkNames,
  isDeferred: boolean,
): NetworkNames {
  const isNamed = networkNumbers(transaction).networkReference !== undefined;
  return {
    ...(networkReference !== undefined && !isNamed && { networkReference }),
    ...(approvalCode !== undefined && isDeferred && { approvalCode }),
  };
}

function entryOf(
  { reason, minorUnits, telling }: Told,
  status: 'acknowledged' | 'refused',
  answer: { readonly code: string; readonly attempts: number } & NetworkNames,
): NextEntry {
  const body = { reason, ...answer };
  if (status === 'refused') {
    const refused = telling && { told: { key: telling.key } };
    return { kind: 'network-advice-refused', body: { ...body, ...refused } };
  }
  const told = telling && { key: telling.key, minorUnits };
  return { kind: 'network-advised', body: { ...body, ...(told && { told }) } };
}

/** What is to be told next; nothing where the network knows it all. What it refused for good keeps nothing back. */
function toldOf(transaction: Transaction): Told | undefined {
  if (!transaction.opening) return undefined;
  if (isBaseDue(transaction)) {
    const { capturedMinorUnits, standingMinorUnits } = transaction;
    return { reason: reasonOf(transaction), minorUnits: capturedMinorUnits ?? standingMinorUnits };
  }
  const telling = transaction.tellings.find(({ isTold }) => !isTold);
  if (!telling || (transaction.state === 'taken-back' && !telling.part)) return undefined;
  return {
    reason: telling.part ? 'completion' : 'adjustment',
    minorUnits: telling.minorUnits,
    telling,
  };
}

/** A reversal that was under way before it went down to nothing, and was acknowledged. */
function isOverUntold({ state, network, networkMinorUnits }: Transaction, job: FollowUpJob): boolean {
  const isReversed = state === 'taken-back' && network === 'reversed' && networkMinorUnits === 0;
  return isReversed && !mayRepeat(job);
}

/** What happened without the network, or was completed at once. What is told by messages of its own comes behind it. */
function isBaseDue({ network, tellings, capturedMinorUnits, isBaseTold }: Transaction): boolean {
  if (network === 'advised' || network === 'advice-refused') return false;
  if (network === 'to-advise') return true;
  // Whatever became of the leg since, by a reversal that was refused or that made it stand again: it is told once.
  if (isBaseTold) return false;
  const isInParts = tellings.some(({ part }) => part);
  const isAdjusted = tellings.length > 0 && capturedMinorUnits === undefined;
  return !isInParts && !isAdjusted;
}

function isDueIn(now: Transaction, { telling }: Told): boolean {
  if (!telling) return now.network !== 'advised' && now.network !== 'advice-refused';
  return now.tellings.some(({ key, isTold }) => key === telling.key && !isTold);
}

/** Nothing more will be taken of the hold. */
function releasesRest({ opening }: Transaction, { reason, telling }: Told): boolean {
  const isWhole = telling?.part === undefined || isLast(telling.part);
  return opening?.facts.kind === 'pre-authorisation' && reason === 'completion' && isWhole;
}

function reasonOf({ isTold, decided }: Transaction): AdviceReason {
  if (isTold) return 'offline';
  return decided?.network.status === 'approved' ? 'completion' : 'stand-in';
}
