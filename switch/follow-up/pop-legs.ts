import type { PopStanding } from '../../connectors/index.ts';
import { popPurchase } from '../pop-purchase.ts';
import type { Ports } from '../ports.ts';
import type { Transaction } from '../transaction.ts';
import { appendNext, readTransaction } from './append-next.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import { retryOrPark } from './retry-policy.ts';

export type PopPorts = Pick<Ports, 'journal' | 'pop' | 'clock' | 'random' | 'settings' | 'log'>;

/**
 * Sees the PoP leg of an approved purchase through to its finality: asks how it stands, initiates it where the
 * consensus has never heard of it, and journals what it became.
 */
export async function completePop(job: FollowUpJob, ports: PopPorts): Promise<FollowUpResult> {
  const transaction = await readTransaction(ports.journal, job.transaction);
  if (transaction.pop === 'validated' || transaction.pop === 'rejected') return { done: true };
  const deadline = attemptDeadline(ports);
  const standing = await ports.pop.standing(job.transaction, deadline);
  switch (standing.status) {
    case 'absent':
      return initiateAgain(job, transaction, ports);
    case 'unavailable':
      return retryOrPark(job.attempt, standing.reason, ports.settings.followUps, ports.random);
    case 'pending':
      await recordAccepted(job, standing.validation, ports);
      return nextLook(ports);
    case 'validated':
      await recordValidated(job, standing.validation, ports);
      return { done: true };
    case 'rejected':
    case 'expired':
    case 'cancelled':
      await recordFailed(job, standing.status, ports);
      return { done: true };
  }
}

/** Makes sure that no proof stands for a purchase that does not. */
export async function cancelPop(job: FollowUpJob, ports: PopPorts): Promise<FollowUpResult> {
  const transaction = await readTransaction(ports.journal, job.transaction);
  if (transaction.pop === 'cancelled' || transaction.pop === 'stands') return { done: true };
  const standing = await ports.pop.standing(job.transaction, attemptDeadline(ports));
  switch (standing.status) {
    case 'unavailable':
      return retryOrPark(job.attempt, standing.reason, ports.settings.followUps, ports.random);
    case 'absent':
    case 'rejected':
    case 'expired':
    case 'cancelled':
      await recordCancelled(job, 'validation' in standing ? standing.validation : null, ports);
      return { done: true };
    case 'pending':
    case 'validated':
      return cancelStanding(job, standing, ports);
  }
}

async function cancelStanding(
  job: FollowUpJob,
  { validation }: Extract<PopStanding, { validation: string }>,
  ports: PopPorts,
): Promise<FollowUpResult> {
  const outcome = await ports.pop.cancel(validation, 'the purchase does not stand', attemptDeadline(ports));
  switch (outcome.status) {
    case 'cancelled':
      await recordCancelled(job, validation, ports);
      return { done: true };
    case 'too-late':
      ports.log.error({ event: 'pop.stands', transaction: job.transaction, validation });
      await appendNext(ports.journal, job.transaction, ({ pop }) =>
        pop === 'stands' ? undefined : { kind: 'pop-stands', body: { validation, reason: outcome.reason } },
      );
      return { done: true };
    case 'unavailable':
      return retryOrPark(job.attempt, outcome.reason, ports.settings.followUps, ports.random);
  }
}

async function initiateAgain(
  job: FollowUpJob,
  { intended }: Transaction,
  ports: PopPorts,
): Promise<FollowUpResult> {
  const purchase = popPurchase(intended);
  if (!purchase) return { done: true };
  const outcome = await ports.pop.initiate(purchase, attemptDeadline(ports));
  switch (outcome.status) {
    case 'accepted':
      await recordAccepted(job, outcome.validation, ports);
      return nextLook(ports);
    case 'validated':
      await recordValidated(job, outcome.validation, ports);
      return { done: true };
    case 'rejected':
      await recordFailed(job, outcome.reason, ports);
      return { done: true };
    case 'unreachable':
    case 'unknown':
      return retryOrPark(job.attempt, outcome.reason, ports.settings.followUps, ports.random);
    case 'not-applicable':
      return { done: true };
  }
}

function recordAccepted(job: FollowUpJob, validation: string, ports: PopPorts): Promise<void> {
  return appendNext(ports.journal, job.transaction, ({ pop }) =>
    pop === 'accepted' ? undefined : { kind: 'pop-accepted', body: { validation } },
  );
}

function recordValidated(job: FollowUpJob, validation: string, ports: PopPorts): Promise<void> {
  return appendNext(ports.journal, job.transaction, ({ pop }) =>
    pop === 'validated' ? undefined : { kind: 'pop-validated', body: { validation } },
  );
}

function recordFailed(job: FollowUpJob, reason: string, ports: PopPorts): Promise<void> {
  ports.log.warn({ event: 'pop.failed-after-approval', transaction: job.transaction, reason });
  return appendNext(ports.journal, job.transaction, ({ pop }) =>
    pop === 'rejected' ? undefined : { kind: 'pop-failed', body: { status: 'rejected', reason } },
  );
}

function recordCancelled(job: FollowUpJob, validation: string | null, ports: PopPorts): Promise<void> {
  return appendNext(ports.journal, job.transaction, ({ pop }) =>
    pop === 'cancelled' ? undefined : { kind: 'pop-cancelled', body: { validation } },
  );
}

/** A pending proof becomes final with a block; it is looked at a few times for each. */
function nextLook({ settings }: PopPorts): FollowUpResult {
  return { retryAfterMs: settings.pop.finalityMs / 3 };
}

function attemptDeadline(ports: PopPorts): number {
  return ports.clock.monotonic() + ports.settings.followUps.attemptTimeoutMs;
}
