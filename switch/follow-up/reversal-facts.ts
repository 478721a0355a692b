import {
  PLAIN_REVERSALS,
  type ReversalRequest,
  type ReversalWords,
  type ReversedAfter,
  type SchemeRules,
} from '../../connectors/index.ts';
import type { Transaction } from '../transaction/fold.ts';
import type { Holding, Increment } from '../transaction/increments.ts';
import { traceOf } from '../transaction/leg-traces.ts';
import type { KeptFacts } from '../transaction/network-facts.ts';
import { isLast } from '../transaction/several-completions.ts';

/** What a reversal says of what it takes back. */
export interface ReversalFacts extends Pick<ReversalRequest, 'original' | 'remainingMinorUnits'> {
  /** Of the message that is named, with the amount that is named. */
  readonly facts: KeptFacts;
}

/** In the words that the network's table has for what the payment went through. */
export function reversalFacts(
  transaction: Transaction,
  holding: Holding,
  { reversals = PLAIN_REVERSALS, standInIsTold }: Pick<SchemeRules, 'reversals' | 'standInIsTold'>,
): ReversalFacts | undefined {
  const facts = holding.increment?.facts ?? transaction.opening?.facts;
  if (!facts) return undefined;
  const words = reversals[reversedAfter(transaction, holding.increment)];
  const { standingMinorUnits } = holding;
  const says = standingMinorUnits > 0 || words.zeroReplacement;
  return {
    facts: { ...facts, amount: { ...facts.amount, minorUnits: amountOf(words, transaction, holding) } },
    original: holding.increment ? 'request' : originalOf(transaction, words, standInIsTold),
    ...(says && { remainingMinorUnits: standingMinorUnits }),
  };
}

function reversedAfter(transaction: Transaction, increment: Increment | undefined): ReversedAfter {
  const late = traceOf(transaction, increment?.key).lateMinorUnits;
  if (increment) return approvalOf(increment.facts, increment.approvedMinorUnits ?? late);
  const { decided, opening, state, isReversedInPart } = transaction;
  if (isReversedInPart && state !== 'intended') return 'partial-reversal';
  if (opening?.facts.kind === 'pre-authorisation' && isKnownAsCompleted(transaction)) return 'completion';
  if (!opening) return 'no-answer';
  if (decided?.network.status !== 'approved') return approvalOf(opening.facts, late);
  return approvalOf(opening.facts, decided.network.approvedMinorUnits ?? opening.facts.amount.minorUnits);
}

function approvalOf({ amount }: KeptFacts, approvedMinorUnits: number | undefined): ReversedAfter {
  if (approvedMinorUnits === undefined) return 'no-answer';
  return approvedMinorUnits < amount.minorUnits ? 'partial-approval' : 'approval';
}

function amountOf({ amount }: ReversalWords, transaction: Transaction, holding: Holding): number {
  const { opening, decided, capturedMinorUnits } = transaction;
  const asked = (holding.increment?.facts ?? opening?.facts)?.amount.minorUnits ?? 0;
  const ofLeg = decided?.network.status === 'approved' ? decided.network.approvedMinorUnits : undefined;
  const inTime = holding.increment ? holding.increment.approvedMinorUnits : ofLeg;
  const approved = inTime ?? traceOf(transaction, holding.increment?.key).lateMinorUnits ?? asked;
  switch (amount) {
    case 'asked':
      return asked;
    case 'approved':
      // What was completed for more than was asked at first is known by what was taken, once the network has heard.
      return holding.increment || !isKnownAsCompleted(transaction)
        ? approved
        : Math.max(approved, capturedMinorUnits ?? 0);
    case 'captured':
      return capturedMinorUnits ?? approved;
    case 'held':
      return holding.networkMinorUnits;
  }
}

/** A network that was never asked knows the transaction by the advice that told it, or by what it was asked later. */
function originalOf(
  transaction: Transaction,
  { names }: ReversalWords,
  standInIsTold: SchemeRules['standInIsTold'],
): ReversalRequest['original'] {
  const { isTold, decided } = transaction;
  const isStoodIn = decided?.network.status === 'unreachable' && decided.approved;
  if (isStoodIn && standInIsTold === 'deferred') return 'request';
  if (isStoodIn || isTold) return 'advice';
  return names === 'completion' && isKnownAsCompleted(transaction) ? 'completion' : 'request';
}

/**
 * Whether the network has heard that all was taken. What is held beyond a completion is given back before it hears of
 * that; of several completions, before it hears of the last one. A reversal that it refused since changes nothing.
 */
function isKnownAsCompleted(transaction: Transaction): boolean {
  const { network, capturedMinorUnits, tellings, isBaseTold } = transaction;
  const parts = tellings.filter(({ part }) => part);
  const isWhole = parts.length === 0 || parts.some(({ isTold, part }) => isTold && part && isLast(part));
  const isHeard = network === 'advised' || (network === 'reversal-refused' && isBaseTold);
  return capturedMinorUnits !== undefined && isHeard && isWhole;
}
