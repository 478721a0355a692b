import type { JournalEntry } from '../journal/journal.ts';
import type { DecidedBody, OpeningBody } from './entries.ts';
import type { Transaction } from './fold.ts';
import { stands } from './life-cycle.ts';

/**
 * A proof that the consensus accepted, of a purchase that stands and for what stands of it: nothing is to be done but
 * to wait until it is final. Many are waited for at once, by one sweeper (`follow-up/proof-sweeper.ts`); what stands
 * otherwise has a follow-up of its own.
 */
export interface AwaitedProof {
  readonly transaction: string;
  /** By which the consensus knows it. */
  readonly validation: string;
  /** Of the transaction: what is appended comes next. */
  readonly version: number;
  /** Of the entry that says that it was accepted. */
  readonly acceptedVersion: number;
  /** Of that entry. */
  readonly acceptedAt: number;
}

/** @returns nothing where no proof is waited for. */
export function awaitedProof(
  entries: readonly JournalEntry[],
  { id, version, state, pop, popValidation, popMinorUnits, standingMinorUnits }: Transaction,
): AwaitedProof | undefined {
  if (!stands(state) || pop !== 'accepted' || popValidation === undefined) return undefined;
  if (popMinorUnits !== standingMinorUnits) return undefined;
  const accepted = entries.findLast(isAcceptance);
  if (!accepted) return undefined;
  return {
    transaction: id,
    validation: popValidation,
    version,
    acceptedVersion: accepted.version,
    acceptedAt: accepted.at,
  };
}

/** Whether the entry says that the consensus accepted a proof. */
export function isAcceptance({ kind, body }: Pick<JournalEntry, 'kind' | 'body'>): boolean {
  return kind === 'pop-accepted' || (kind === 'decided' && (body as DecidedBody).pop.status === 'accepted');
}

/** Whether a decision leaves nothing of its proof to do but to wait: what was accepted is what stands. */
export function leavesProofAwaited(
  { facts }: Pick<OpeningBody, 'facts'>,
  { approved, pop, reply }: DecidedBody,
): boolean {
  const asked = facts.amount.minorUnits;
  return approved && pop.status === 'accepted' && (reply.approvedMinorUnits ?? asked) === asked;
}
