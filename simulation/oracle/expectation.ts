import type { Transaction } from '../../switch/transaction/fold.ts';
import type { NetworkName } from '../faults.ts';
import type { NoticeOrder } from '../peers/notice.ts';
import type { Payment } from '../peers/payment.ts';
import { PAYMENTS, type Side } from '../peers/services.ts';
import { MERCHANTS } from '../settings.ts';
import type { JournalView } from './journal-view.ts';

const APPROVED_IN_PART = '10';

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
  return { ...told, witnessed: witnessed(payment, told, isCashRefused(payment, journal)) };
}

export function networkOf({ order }: Payment): NetworkName {
  return order.pan.startsWith('4') ? 'visa' : 'iso87';
}

/** People see that the network has not done what it was asked to, so nobody can say what it holds. */
export function isInHands(payment: Payment, journal: JournalView): boolean {
  const transaction = journal.byPayment.get(payment.name);
  return transaction !== undefined && (isSeen(transaction, journal) || findsNothing(payment, journal));
}

/**
 * A reversal may find nothing, and people are asked which payment it means: where it was faster than its original, or
 * names a DE7 that the switch never heard, as a terminal does whose repeat got through and not its request.
 */
export function findsNothing(payment: Payment, journal: JournalView): boolean {
  const transaction = journal.byPayment.get(payment.name);
  const rememberedAt = transaction && journal.mayBeMeant.get(transaction.id);
  if (!transaction || rememberedAt === undefined) return false;
  const wasFaster = rememberedAt < journal.openedAt(transaction.id) + LOOKED_AT_WITHIN_MS;
  return wasFaster || payment.notices.some(({ order }) => namesOther(order, transaction));
}

/** A reversal is looked for before it is written down: so much later its original may have come in between. */
const LOOKED_AT_WITHIN_MS = 3_000;
const NO_TIME = /^0*$/;

function namesOther({ kind, message: { de90 } }: NoticeOrder, { opening }: Transaction): boolean {
  if (!de90 || !opening || kind === 'void reversal' || NO_TIME.test(de90.transmission)) return false;
  const { transmittedAt, localDate, localTime } = opening.facts;
  return de90.transmission !== transmittedAt && de90.transmission !== localDate + localTime;
}

/** What a network refuses to give back in part is given back in full all the same, where all of it is to be. */
function isSeen({ id, cases, standingMinorUnits }: Transaction, journal: JournalView): boolean {
  const isParked = ['reverse-network', 'advise-network'].some((task) => journal.parked.has(`${task} ${id}`));
  if (isParked && journal.givesUpSoon) return true;
  return cases.includes('advice-refused') || (cases.includes('reversal-refused') && standingMinorUnits > 0);
}

function recorded(payment: Payment, journal: JournalView): Pick<Expectation, 'side' | 'minorUnits'> {
  const { side, name } = payment;
  const transaction = journal.byPayment.get(name);
  if (!transaction || !side) return { side, minorUnits: 0 };
  const { state, standingMinorUnits: minorUnits } = transaction;
  return { side: side === 'held' && state === 'captured' ? 'captured' : side, minorUnits };
}

/** Of a cashback less is approved only where the cash is refused: then none is handed out. */
function isCashRefused({ belief, told, name }: Payment, journal: JournalView): boolean {
  const isSaid = told.some(({ code }) => code === APPROVED_IN_PART);
  if (isSaid || belief !== 'unknown') return isSaid;
  return journal.byPayment.get(name)?.decided?.reply.approvedMinorUnits !== undefined;
}

/** The consensus witnesses purchases, of enrolled merchants, without the cash that was handed out. */
function witnessed(
  { order, terminal }: Payment,
  { side, minorUnits }: Pick<Expectation, 'side' | 'minorUnits'>,
  isWithoutCash: boolean,
): number {
  const isPurchase = PAYMENTS[order.kind].isWitnessed || order.kind === 'pre-authorisation';
  if (side !== 'captured' || !isPurchase || !isEnrolled(terminal.settings.merchant)) return 0;
  return Math.max(0, minorUnits - (isWithoutCash ? 0 : (order.cash ?? 0)));
}

function isEnrolled(merchant: string): boolean {
  return MERCHANTS.some(({ id, pop }) => id === merchant && pop !== 'off');
}
