import type { Transaction } from '../../switch/transaction/fold.ts';
import type { NetworkName } from '../faults.ts';
import type { Payment } from '../peers/payment.ts';
import { PAYMENTS, type Side } from '../peers/services.ts';
import { MERCHANTS } from '../settings.ts';
import type { JournalView } from './journal-view.ts';

const APPROVED_IN_PART = '10';
/** Cases about money at the network. */
const IN_HANDS: ReadonlySet<string> = new Set(['reversal-refused', 'reversal-not-found', 'advice-refused']);

/** What must be found in the ledgers of a payment's peers, in minor units. */
export interface Expectation {
  /** Where the network's ledger shows it. */
  readonly side: Side | undefined;
  readonly minorUnits: number;
  /** What the consensus witnesses of it. */
  readonly witnessed: number;
}

/**
 * What terminals were told decides. Of a payment whose terminal never heard, the journal's answer counts: a repeat
 * would get it.
 */
export function expectationOf(payment: Payment, journal: JournalView): Expectation {
  const told = payment.belief === 'unknown' ? recorded(payment, journal) : payment.standing;
  return { ...told, witnessed: witnessed(payment, told) };
}

export function networkOf({ order }: Payment): NetworkName {
  return order.pan.startsWith('4') ? 'visa' : 'iso87';
}

/** Parked, or a case: people see it. */
export function isInHands(payment: Payment, journal: JournalView): boolean {
  const transaction = journal.byPayment.get(payment.name);
  return transaction !== undefined && (isSeen(transaction, journal) || findsNothing(payment, journal));
}

/**
 * Who reverses what it never heard an answer to may be faster than it, and who names what was never heard names
 * nothing: then a reversal may find nothing, and people are asked.
 */
export function findsNothing(payment: Payment, journal: JournalView): boolean {
  const transaction = journal.byPayment.get(payment.name);
  const mayFindNothing = payment.told.length === 0 || payment.isRenamed;
  return mayFindNothing && transaction !== undefined && journal.mayBeMeant.has(transaction.id);
}

function isSeen({ id, cases }: Transaction, { parked }: JournalView): boolean {
  const isParked = ['reverse-network', 'advise-network'].some((task) => parked.has(`${task} ${id}`));
  return isParked || cases.some((name) => IN_HANDS.has(name));
}

function recorded(payment: Payment, journal: JournalView): Pick<Expectation, 'side' | 'minorUnits'> {
  const { side, name } = payment;
  const transaction = journal.byPayment.get(name);
  if (!transaction || !side) return { side, minorUnits: 0 };
  const { state, standingMinorUnits: minorUnits } = transaction;
  return { side: side === 'held' && state === 'captured' ? 'captured' : side, minorUnits };
}

/** The consensus witnesses purchases, of enrolled merchants, without the cash that was handed out. */
function witnessed(
  { order, terminal, told }: Payment,
  { side, minorUnits }: Pick<Expectation, 'side' | 'minorUnits'>,
): number {
  const isPurchase = PAYMENTS[order.kind].isWitnessed || order.kind === 'pre-authorisation';
  if (side !== 'captured' || !isPurchase || !isEnrolled(terminal.settings.merchant)) return 0;
  // Of a cashback less is approved only where the cash is refused: then none is handed out.
  const isWithoutCash = told.some(({ code }) => code === APPROVED_IN_PART);
  return Math.max(0, minorUnits - (isWithoutCash ? 0 : (order.cash ?? 0)));
}

function isEnrolled(merchant: string): boolean {
  return MERCHANTS.some(({ id, pop }) => id === merchant && pop !== 'off');
}
