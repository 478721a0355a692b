import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import type { AnsweredBody } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import type { Adjustment } from '../transaction/tellings.ts';
import { adjustedEntry } from './adjusted-entry.ts';
import { ownNumbers } from './opening.ts';
import type { UndoneOrAnswered } from './undo.ts';

// Who reverses a tip has heard no answer to it, and takes back the tip: the sale stands as it did before. To take back
// the sale, which the tip is written to, was rejected: nobody would be paid for what the customer has.

interface TipReversal {
  readonly tip: Adjustment;
  /** DE95; 0 where it takes back all. */
  readonly remainingMinorUnits: number;
}

/** @throws Refusal SW_AMOUNT, SW_NUMBERS */
export function reverseTip(
  found: Transaction,
  { tip, remainingMinorUnits }: TipReversal,
  { key, reply }: AnsweredBody,
  ports: Pick<Ports, 'clock' | 'numbers' | 'networks'>,
): UndoneOrAnswered {
  const { opening, state, standingMinorUnits } = found;
  const stands = state === 'approved' || state === 'captured';
  // One that another has replaced is no part of what stands.
  const isLatest = tip === found.adjustments.at(-1);
  if (!opening || !stands || !isLatest || tip.beforeMinorUnits === standingMinorUnits) return { reply };
  // What is left without the tip is no part of it.
  const isWhole = remainingMinorUnits === 0 || remainingMinorUnits === tip.beforeMinorUnits;
  if (!isWhole) throw new Refusal('SW_AMOUNT', { element: 'DE95' });

  const body = { key, reply, minorUnits: tip.beforeMinorUnits, ...ownNumbers(opening, ports) };
  return { reply, entry: adjustedEntry(found, body) };
}
