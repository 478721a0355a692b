// What is written down of an answer that nobody waits for, and what follows from it. The terminal has its answer, or
// will get none: the approval is never relayed. Money that the network holds by it is asked back, unless the network
// has acknowledged its reversal: then the two have crossed, and the answer is evidence.

import type { LateAnswer } from '../../connectors/index.ts';
import { sometimes } from '../../runtime/index.ts';
import type { FollowUp } from '../journal/journal.ts';
import type { NextEntry } from './append-next.ts';
import { followUp } from './decision-entry.ts';
import type { EntryBodies } from './entries.ts';
import type { Transaction } from './fold.ts';
import { isUnwanted, traceOf } from './leg-traces.ts';

/** So many answers to one message are written down; a network that sends more of them has told us nothing new. */
const MAX_LATE_ANSWERS = 5;

export type LateAnswerTold = Omit<LateAnswer, 'transaction' | 'stray' | 'increment' | 'isWithoutCash'> & {
  /** The increment that it answers, by its key. */
  readonly increment?: string;
  /** It came in time, beside what took its transaction back and queued a reversal of it. */
  readonly isInTime?: true;
};

/** @returns nothing where it is known already, or says nothing new */
export function lateAnswerEntry(now: Transaction, answer: LateAnswerTold): NextEntry | undefined {
  const { increment } = answer;
  if (traceOf(now, increment).lateAnswers >= MAX_LATE_ANSWERS || isSecondCopy(now, answer)) return undefined;
  const body = bodyOf(answer);
  const isQueued = answer.isInTime === true && isYetToBeFound(now, increment);
  const followUps = isQueued ? [] : reversal(now, body);
  const asksAgain = followUps.length > 0 && isAskedBack(now, increment);
  return {
    kind: 'late-answer',
    body: { ...body, ...(asksAgain && { asksAgain: true as const }) },
    followUps,
  };
}

/** Whether a reversal of it was queued before this approval came. */
function isAskedBack({ decided, takenBack }: Transaction, increment: string | undefined): boolean {
  if (increment !== undefined) return true;
  return decided ? decided.network.status === 'unknown' : takenBack !== undefined;
}

/** The reversal that is queued has found nothing so far, and has not been refused: it will know of this approval. */
function isYetToBeFound(now: Transaction, increment: string | undefined): boolean {
  return traceOf(now, increment).notFound === 0 && now.network !== 'reversal-refused';
}

function bodyOf(answer: LateAnswerTold): EntryBodies['late-answer'] {
  const { code, approved, approvalCode, networkReference, disagrees, increment, approvedMinorUnits } = answer;
  return {
    code,
    ...(approved && { mayHold: true as const }),
    ...(approvalCode !== undefined && { approvalCode }),
    ...(networkReference !== undefined && { networkReference }),
    ...(approvedMinorUnits !== undefined && { approvedMinorUnits }),
    ...(disagrees && { disagrees }),
    ...(increment !== undefined && { increment }),
  };
}

function reversal(
  now: Transaction,
  { mayHold, disagrees, increment }: EntryBodies['late-answer'],
): FollowUp[] {
  const { opening, id } = now;
  const holdsMoney = opening !== undefined && opening.facts.amount.minorUnits > 0;
  if (!mayHold || disagrees || !holdsMoney || !isUnwanted(now, increment)) return [];
  sometimes('late approval reversed');
  return [followUp(id, 'reverse-network', opening.network)];
}

/** Of the answer that came in time: networks repeat themselves. */
function isSecondCopy({ decided, increments, replies }: Transaction, answer: LateAnswerTold): boolean {
  if (answer.disagrees) return false;
  if (answer.increment !== undefined) {
    const isApproved = increments.some(({ key, state }) => key === answer.increment && state === 'approved');
    return isApproved && replies.has(answer.increment);
  }
  if (decided?.network.status !== 'approved') return false;
  const { approvalCode } = decided.network;
  return (
    approvalCode === undefined || answer.approvalCode === undefined || approvalCode === answer.approvalCode
  );
}
