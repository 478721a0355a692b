import type { PopStanding } from '../../connectors/index.ts';
import { sometimes } from '../../runtime/index.ts';
import type { Ports } from '../ports.ts';
import { appendNext, type NextEntry, readTransaction } from '../transaction/append-next.ts';
import type { EntryBodies } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { popPurchase, witnessedFacts } from '../transaction/pop-purchase.ts';
import { nextLookMs } from './next-look.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import type { Retry } from './retry-policy.ts';

export type PopPorts = Pick<Ports, 'journal' | 'pop' | 'clock' | 'settings' | 'log'> & {
  readonly retry: Retry;
};

/** A validation that the consensus knows. */
type Known = Extract<PopStanding, { validation: string }>;

/**
 * A proof that the consensus has accepted, with what was read a moment before: while a purchase stands nobody else
 * writes about it, as a rule. Of one that falls two follow-ups do at once, and read anew.
 */
interface Accepted {
  readonly validation: string;
  readonly minorUnits: number;
  readonly known?: Transaction;
}

function acceptedAs({ validation }: Known, transaction: Transaction): Accepted {
  return { validation, minorUnits: transaction.standingMinorUnits, known: transaction };
}

/**
 * Sees the proof of a purchase through to its finality: asks how it stands, initiates it where the consensus has never
 * heard of it, puts one for the right amount in the place of one for another, and journals what it became.
 */
export async function completePop(job: FollowUpJob, ports: PopPorts): Promise<FollowUpResult> {
  const transaction = await readTransaction(ports.journal, job.transaction);
  if (!transaction.popParties || isOver(transaction)) return { done: true };
  const standing = await ports.pop.standing(job.transaction, attemptDeadline(ports));
  const hasRightAmount =
    (transaction.popMinorUnits ?? transaction.standingMinorUnits) === transaction.standingMinorUnits;
  if (mayYetArrive(standing, transaction)) {
    return hasRightAmount ? initiate(job, transaction, ports) : forestallOther(job, transaction, ports);
  }

  switch (standing.status) {
    case 'unavailable':
      return ports.retry.again(job.attempt, standing.reason);
    case 'pending':
      if (!hasRightAmount) return replaceProof(job, standing, ports);
      return wait(job, acceptedAs(standing, transaction), ports);
    case 'validated':
      if (!hasRightAmount) return proofStands(job, standing.validation, 'it witnesses another amount', ports);
      await recordValidated(job, standing.validation, ports, transaction);
      return { done: true };
    case 'cancelled':
      // One that we cancelled for its amount: the right one may not have arrived yet.
      if (!hasRightAmount || transaction.pop !== 'accepted') return initiate(job, transaction, ports);
      return recordFailed(job, standing.status, ports);
    case 'rejected':
    case 'expired':
      // What came to nothing was of another amount: the right one has yet to be asked for.
      return hasRightAmount
        ? recordFailed(job, standing.status, ports)
        : initiate(job, transaction, ports, standing.validation);
  }
}

/** Makes sure that no proof stands for a purchase that does not. */
export async function cancelPop(job: FollowUpJob, ports: PopPorts): Promise<FollowUpResult> {
  const transaction = await readTransaction(ports.journal, job.transaction);
  if (transaction.pop === 'cancelled' || transaction.pop === 'stands') return { done: true };
  // What its void took back stands again: another follow-up sees its proof through.
  if (transaction.standingMinorUnits > 0 && transaction.voids.at(-1)?.isReversed) return { done: true };
  const standing = await ports.pop.standing(job.transaction, attemptDeadline(ports));
  return mayYetArrive(standing, transaction)
    ? forestall(job, transaction, ports)
    : undo(job, standing, ports);
}

/**
 * What was asked for last may still be on its way: the consensus has heard of nothing, or what is over is the proof
 * before, another amount was asked for since, and nobody knows what became of that.
 */
function mayYetArrive(
  standing: PopStanding,
  { pop, popValidation }: Transaction,
): standing is Extract<PopStanding, { status: 'absent' }> {
  if (standing.status === 'absent') return true;
  if (standing.status === 'unavailable' || pop !== 'unknown') return false;
  const isOver = standing.status !== 'pending' && standing.status !== 'validated';
  return isOver && standing.validation === popValidation;
}

async function undo(
  job: FollowUpJob,
  standing: Exclude<PopStanding, { status: 'absent' }>,
  ports: PopPorts,
): Promise<FollowUpResult> {
  switch (standing.status) {
    case 'unavailable':
      return ports.retry.again(job.attempt, standing.reason);
    case 'rejected':
    case 'expired':
    case 'cancelled':
      await recordCancelled(job, standing.validation, ports);
      return { done: true };
    case 'pending':
    case 'validated':
      return (await cancel(job, standing, ports)) ?? { done: true };
  }
}

/**
 * The consensus has not heard of the purchase, but an initiation may still be on its way and would come into effect
 * after we looked. Initiating it under the same idempotency key makes it exist, so that it can be cancelled; should
 * the first one arrive, it finds itself answered already.
 */
async function forestall(
  job: FollowUpJob,
  { opening, decided, popParties, popMinorUnits }: Transaction,
  ports: PopPorts,
): Promise<FollowUpResult> {
  sometimes('proof forestalled');
  const asked = popMinorUnits ?? opening?.facts.amount.minorUnits ?? 0;
  const purchase = opening && popPurchase(witnessedFacts(opening, decided), popParties, asked);
  const outcome = purchase
    ? await ports.pop.initiate(purchase, attemptDeadline(ports))
    : ({ status: 'not-applicable' } as const);
  switch (outcome.status) {
    case 'accepted':
    case 'validated':
      return (await cancel(job, outcome, ports)) ?? { done: true };
    case 'rejected': {
      // An answer that may yet be contradicted: what is known now decides.
      const standing = await ports.pop.standing(job.transaction, attemptDeadline(ports));
      if (standing.status !== 'absent') return undo(job, standing, ports);
      await recordCancelled(job, null, ports);
      return { done: true };
    }
    case 'not-applicable':
      await recordCancelled(job, null, ports);
      return { done: true };
    case 'unreachable':
    case 'unknown':
      return ports.retry.again(job.attempt, outcome.reason);
  }
}

/** Nothing more is to be done for the proof of what stands. */
function isOver({ pop, popMinorUnits, standingMinorUnits, state }: Transaction): boolean {
  if (state === 'taken-back' || state === 'declined' || pop === 'stands' || pop === 'rejected') return true;
  return pop === 'validated' && popMinorUnits === standingMinorUnits;
}

async function initiate(
  job: FollowUpJob,
  { opening, decided, popParties, standingMinorUnits }: Transaction,
  ports: PopPorts,
  over?: string,
): Promise<FollowUpResult> {
  const purchase = opening && popPurchase(witnessedFacts(opening, decided), popParties, standingMinorUnits);
  if (!purchase) {
    await recordCancelled(job, null, ports); // all that is left is cash: nothing stands that could be witnessed
    return { done: true };
  }
  await recordAsked(job, { minorUnits: standingMinorUnits, ...(over !== undefined && { over }) }, ports);
  const outcome = await ports.pop.initiate(purchase, attemptDeadline(ports));
  switch (outcome.status) {
    case 'accepted':
      return wait(job, { ...outcome, minorUnits: standingMinorUnits }, ports);
    case 'validated':
      await recordAccepted(job, { ...outcome, minorUnits: standingMinorUnits }, ports);
      await recordValidated(job, outcome.validation, ports);
      return { done: true };
    case 'rejected':
      return recordFailed(job, outcome.reason, ports);
    case 'unreachable':
    case 'unknown':
      return ports.retry.again(job.attempt, outcome.reason);
    case 'not-applicable':
      return { done: true };
  }
}

/** An initiation of another amount may still be on its way: it must not come to stand beside the right one. */
async function forestallOther(
  job: FollowUpJob,
  transaction: Transaction,
  ports: PopPorts,
): Promise<FollowUpResult> {
  const result = await forestall(job, transaction, ports);
  return 'done' in result ? { retryAfterMs: 0 } : result;
}

/** Cancels a proof of another amount; the next look finds it cancelled and initiates the right one. */
async function replaceProof(job: FollowUpJob, standing: Known, ports: PopPorts): Promise<FollowUpResult> {
  return (await cancel(job, standing, ports)) ?? { retryAfterMs: 0 };
}

/** @returns what is left to do, or nothing where the proof is cancelled */
async function cancel(
  job: FollowUpJob,
  { validation }: Pick<Known, 'validation'>,
  ports: PopPorts,
): Promise<FollowUpResult | undefined> {
  const outcome = await ports.pop.cancel(validation, 'the purchase does not stand', attemptDeadline(ports));
  switch (outcome.status) {
    case 'cancelled':
      await recordCancelled(job, validation, ports);
      return undefined;
    case 'too-late':
      return proofStands(job, validation, outcome.reason, ports);
    case 'unavailable':
      return ports.retry.again(job.attempt, outcome.reason);
  }
}

async function proofStands(
  job: FollowUpJob,
  validation: string,
  reason: string,
  ports: PopPorts,
): Promise<FollowUpResult> {
  ports.log.error({ event: 'pop.stands', transaction: job.transaction, validation, reason });
  await appendNext(ports.journal, job.transaction, ({ pop }) =>
    pop === 'stands' ? undefined : { kind: 'pop-stands', body: { validation, reason } },
  );
  return { done: true };
}

/** Which amount is asked for is written down first: nobody may be left to remember it when the answer comes. */
function recordAsked(job: FollowUpJob, body: EntryBodies['pop-asked'], ports: PopPorts): Promise<void> {
  return appendNext(ports.journal, job.transaction, ({ popMinorUnits }) =>
    popMinorUnits === body.minorUnits ? undefined : { kind: 'pop-asked', body },
  );
}

/**
 * A proof that is accepted now is waited for by the sweeper, along with all others. One that was known to be accepted
 * is here because the sweeper gave it up: then this follow-up sees it through.
 */
async function wait(job: FollowUpJob, accepted: Accepted, ports: PopPorts): Promise<FollowUpResult> {
  const isNew = await recordAccepted(job, accepted, ports);
  return isNew ? { done: true } : nextLook(ports);
}

/** @returns whether it was not known before */
async function recordAccepted(
  job: FollowUpJob,
  { validation, minorUnits, known }: Accepted,
  ports: PopPorts,
): Promise<boolean> {
  let isNew = false;
  const next = ({ pop, popMinorUnits, popValidation }: Transaction): NextEntry | undefined => {
    isNew = pop !== 'accepted' || popMinorUnits !== minorUnits || popValidation !== validation;
    return isNew ? { kind: 'pop-accepted', body: { validation, minorUnits } } : undefined;
  };
  await appendNext(ports.journal, job.transaction, next, known);
  return isNew;
}

function recordValidated(
  job: FollowUpJob,
  validation: string,
  ports: PopPorts,
  known?: Transaction,
): Promise<void> {
  const next = ({ pop }: Transaction): NextEntry | undefined =>
    pop === 'validated' ? undefined : { kind: 'pop-validated', body: { validation } };
  return appendNext(ports.journal, job.transaction, next, known);
}

async function recordFailed(job: FollowUpJob, reason: string, ports: PopPorts): Promise<FollowUpResult> {
  ports.log.warn({ event: 'pop.failed-after-approval', transaction: job.transaction, reason });
  await appendNext(ports.journal, job.transaction, ({ pop }) =>
    pop === 'rejected' ? undefined : { kind: 'pop-failed', body: { status: 'rejected', reason } },
  );
  return { done: true };
}

function recordCancelled(job: FollowUpJob, validation: string | null, ports: PopPorts): Promise<void> {
  return appendNext(ports.journal, job.transaction, ({ pop }) =>
    pop === 'cancelled' ? undefined : { kind: 'pop-cancelled', body: { validation } },
  );
}

function nextLook({ settings }: PopPorts): FollowUpResult {
  return { retryAfterMs: nextLookMs(settings.pop) };
}

function attemptDeadline(ports: PopPorts): number {
  return ports.clock.monotonic() + ports.settings.followUps.attemptTimeoutMs;
}
