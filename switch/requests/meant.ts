import type { Money } from '../../connectors/index.ts';
import { Refusal } from '../errors.ts';
import { authorisedMinorUnits } from '../transaction/amounts.ts';
import type { OpeningBody } from '../transaction/entries.ts';
import { OPENING_REPLY, type Transaction } from '../transaction/fold.ts';
import { stands } from '../transaction/life-cycle.ts';
import { isNear, momentOf, openedAt } from './dates.ts';

// Whether a transaction is the one that a message means. Card, currency, amount and approval code are compared
// wherever the message gives them: a number is soon the same, a number and a card hardly ever. What it leaves out, or
// fills with blanks or zeros, says nothing against it.

/** What a message says of the transaction that it is about, beside the key that led to it. */
export interface Meant {
  readonly cardReference?: string;
  readonly maskedPan?: string;
  readonly currency?: string;
  /** DE38 of the original. */
  readonly approvalCode?: string;
  readonly stan?: string;
  /** Of a reversal that names no STAN: that of the message itself, which many repeat from the original. */
  readonly ownStan?: string;
  /** Beside it: another terminal of the merchant may have that STAN as well. */
  readonly ownTerminal?: string;
  /** Who may have sold it. */
  readonly merchants?: readonly string[];
  /** DE4, where it must be an amount of the original. */
  readonly minorUnits?: number;
  /** DE3 says that it is a refund: one may give the reference of its sale, which is not meant. */
  readonly isRefund?: true;
  /** DE4 may also be a part of what stands. */
  readonly mayBePart?: boolean;
  /** By its terminal's clock, in milliseconds, whatever the zone: what DE37 leads to is not meant of another day. */
  readonly sentAt?: number;
  /**
   * It is about what was answered, so of several that agree what is in flight is none; and of those, about what this
   * holds for.
   */
  readonly prefers?: (found: Transaction) => boolean;
}

/** The element in which a transaction is not what the message says, or nothing where it is. */
export function disagreement(found: Transaction, meant: Meant): string | undefined {
  const { opening } = found;
  if (!opening) return undefined;
  const { facts, cardReference } = opening;
  const merchant = facts.merchant.trimEnd();
  if (meant.merchants && !meant.merchants.includes(merchant)) return 'DE42';
  if (isOther(meant.cardReference, cardReference) || isOther(meant.maskedPan, facts.maskedPan)) return 'DE2';
  if (isOther(meant.currency, facts.amount.currency)) return 'DE49';
  if (!isMeant(found, meant.approvalCode)) return 'DE38';
  return isAmountOf(found, meant) ? undefined : 'DE4';
}

function isAmountOf(found: Transaction, meant: Meant): boolean {
  const { minorUnits } = meant;
  return isAmountOfWhole(found, meant) || (minorUnits !== undefined && addedTo(found).includes(minorUnits));
}

/** Whether DE4 is of all of it, and not of what was added to it alone. */
export function isAmountOfWhole(found: Transaction, { minorUnits, mayBePart = false }: Meant): boolean {
  if (minorUnits === undefined || amountsOf(found).includes(minorUnits)) return true;
  return mayBePart && minorUnits <= found.standingMinorUnits;
}

function isOther(said: string | undefined, known: string | undefined): boolean {
  return said !== undefined && known !== undefined && said !== known;
}

/**
 * What DE4 may be: as asked for, as approved, with what was added, as completed, with its tips, what stands, stood
 * before a void, or remained of a reversal.
 */
function amountsOf(found: Transaction): number[] {
  const { opening, replies, adjustments, voids, remainders, standingMinorUnits } = found;
  const asked = opening?.facts.amount.minorUnits ?? 0;
  const { capturedMinorUnits = asked } = found;
  const approved = replies.get(OPENING_REPLY)?.approvedMinorUnits ?? asked;
  const tipped = adjustments.flatMap(({ minorUnits, beforeMinorUnits }) => [minorUnits, beforeMinorUnits]);
  const voided = voids.map(({ before }) => before.standingMinorUnits);
  const stood = [standingMinorUnits, capturedMinorUnits, ...tipped, ...voided, ...remainders];
  return [asked, approved, authorisedMinorUnits(found), ...stood];
}

/** Each increment's own, as asked for and as approved. */
function addedTo({ increments, replies }: Transaction): number[] {
  return increments.flatMap(({ key, facts: { amount } }) => [
    amount.minorUnits,
    replies.get(key)?.approvedMinorUnits ?? amount.minorUnits,
  ]);
}

/**
 * Whether its first message is the one that is named, by STAN and day: an increment shares its retrieval reference with
 * what it adds to, and a terminal that counts anew each day gives yesterday's reference and STAN again.
 */
export function isNumbered(found: Transaction, { stan, sentAt }: Meant): boolean {
  const { opening } = found;
  if (!opening) return false;
  const isOfDay = sentAt === undefined || isNear(sentAt, localMoment(opening));
  return isOfDay && (stan === undefined || opening.facts.stan === stan);
}

/** When it was sent, by its terminal's clock: the year is that in which it was opened. */
export function localMoment({ facts }: OpeningBody): number {
  const { transaction, localDate, localTime } = facts;
  return momentOf(localDate + localTime, openedAt(transaction));
}

/**
 * A terminal that lost count of its STANs gets the same retrieval reference twice within the hour: where a message
 * gives the approval code of its original (DE38), it must be that of the transaction found, or of what was added to it.
 */
export function isMeant(
  { replies, increments }: Pick<Transaction, 'replies' | 'increments'>,
  approvalCode: string | undefined,
): boolean {
  const said = approvalCode?.trim();
  const keys = [OPENING_REPLY, ...increments.map(({ key }) => key)];
  const given = keys.flatMap((key) => replies.get(key)?.approvalCode?.trim() ?? []);
  return !said || given.length === 0 || given.includes(said);
}

/**
 * Whoever changes an original names its card and its currency, as far as the message gives them.
 * @throws Refusal SW_CARD_CONTRADICTORY, SW_AMOUNT
 */
export function checkCardAndCurrency(
  { cardReference, facts }: OpeningBody,
  card: { readonly reference: string } | undefined,
  { currency }: Pick<Money, 'currency'>,
): void {
  if (card && card.reference !== cardReference) {
    throw new Refusal('SW_CARD_CONTRADICTORY', { element: 'DE2' });
  }
  if (currency !== facts.amount.currency) throw new Refusal('SW_AMOUNT', { element: 'DE49' });
}

export function isRefund({ opening }: Pick<Transaction, 'opening'>): boolean {
  return opening?.facts.kind === 'refund';
}

/** Whether something of it stands, or may yet. */
export function isLive({ state, standingMinorUnits }: Transaction): boolean {
  return state === 'intended' || (stands(state) && standingMinorUnits > 0);
}
