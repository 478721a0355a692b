import type { Ports } from '../ports.ts';
import { isAmountOfWhole, type Meant } from '../requests/meant.ts';
import type { NextEntry } from '../transaction/append-next.ts';
import type { AnsweredBody } from '../transaction/entries.ts';
import { OPENING_REPLY, type Transaction } from '../transaction/fold.ts';
import { stands } from '../transaction/life-cycle.ts';
import { partsOf } from '../transaction/several-completions.ts';
import { reverseTip } from './reverse-tip.ts';
import { reverseVoid } from './reverse-void.ts';
import { takeBack, takeIncrementBack, type UndoneOrAnswered } from './undo.ts';

// What is made of a message that comes again behind the reversal which had named it before: what the reversal would
// have made of it, had it been known. A payment is taken back, and so are an increment, a tip and a completion, each as
// itself; a void is undone. To look only at what opens a payment was the form before: the repeat of a tip heard that
// it was refused, and the tip stood. What cannot be undone is left to the case that the reversal opened.

export type UndoPorts = Pick<Ports, 'clock' | 'numbers' | 'networks'>;

/**
 * @param key of the message that comes again
 * @param told the reversal's own key and answer
 * @returns nothing where nothing is done
 */
export function undoneWhole(
  found: Transaction,
  key: string,
  { told, meant }: { readonly told: AnsweredBody; readonly meant: Meant },
  ports: UndoPorts,
): NextEntry | undefined {
  const { rules } = ports.networks.get(found.opening?.network ?? '') ?? {};
  const voided = found.voids.find((each) => each.key === key);
  if (voided) return entryOf(reverseVoid(found, voided, told, rules));

  const added = found.increments.find((each) => each.key === key);
  if (added) {
    return found.state === 'captured' ? undefined : entryOf(takeIncrementBack(found, added, 0, told));
  }
  // What was given back by a refund is not taken back as well.
  if (!stands(found.state) || found.refunds.length > 0) return undefined;

  const tip = found.adjustments.find((each) => each.key === key);
  if (tip) return entryOf(reverseTip(found, { tip, remainingMinorUnits: 0 }, told, ports));

  const isOfCompletion = found.completedBy === key && partsOf(found).length <= 1;
  if (!isOfCompletion && !isOpeningOf(found, key)) return undefined;
  if (!isAmountOfWhole(found, meant)) return undefined;
  const caseKind = isOfCompletion ? ({ caseKind: 'hold-reversed' } as const) : {};
  return takeBack(found, { ...told, by: 'reversal', ...caseKind }, 0).entry;
}

interface PartialReversal {
  /** Its own key and answer. */
  readonly told: AnsweredBody;
  /** What it leaves of an amount that stands; nothing where it does not say so. */
  readonly leavesOf: (standingMinorUnits: number) => number | undefined;
}

/**
 * Once, however often the message comes again. What its network does not take back in part is left to the case too.
 * @param key of the message that comes again
 * @returns nothing where nothing is done
 */
export function undoneInPart(
  found: Transaction,
  key: string,
  { told, leavesOf }: PartialReversal,
  { networks }: UndoPorts,
): NextEntry | undefined {
  const { rules } = networks.get(found.opening?.network ?? '') ?? {};
  const added = found.increments.find((each) => each.key === key && each.state === 'approved');
  const standing = added?.standingMinorUnits ?? found.standingMinorUnits;
  const remaining = leavesOf(standing);
  const isLess = remaining !== undefined && remaining < standing;
  const isPossible = remaining === 0 || rules?.partialReversal !== false;
  if (!isLess || !isPossible || found.replies.has(told.key)) return undefined;

  if (added) {
    return found.state === 'captured' ? undefined : entryOf(takeIncrementBack(found, added, remaining, told));
  }
  const isFree = isOpeningOf(found, key) && stands(found.state) && found.refunds.length === 0;
  return isFree ? takeBack(found, { ...told, by: 'reversal' }, remaining).entry : undefined;
}

function entryOf(undone: UndoneOrAnswered): NextEntry | undefined {
  return 'entry' in undone ? undone.entry : undefined;
}

/** What was told of is known by a key of its own, and has one reply under both. */
function isOpeningOf({ replies }: Transaction, key: string): boolean {
  const first = replies.get(OPENING_REPLY);
  return first !== undefined && replies.get(key) === first;
}
