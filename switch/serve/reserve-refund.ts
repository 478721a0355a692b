import { sometimes } from '../../runtime/index.ts';
import type { CardInbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { checkCardAndCurrency, isMeant } from '../requests/meant.ts';
import { referredOriginal } from '../requests/originals.ts';
import type { PaymentRequest } from '../requests/understand.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import { stateAfter } from '../transaction/life-cycle.ts';
import { popPurchase, witnessedFacts } from '../transaction/pop-purchase.ts';
import { findReferred } from './find-original.ts';

// A refund may not give back more than was taken, however many are asked for at once and on whichever node. So its
// amount is an entry of the original, under the original's version, before the network is asked. A sum that is read and
// then trusted was rejected: two refunds that read it at the same moment both fit.

/** What a refund leaves to people, once it is approved. */
export interface ReservedRefund {
  /** The purchase that is refunded is proven, and the proof goes on to say so. */
  readonly leavesProof: boolean;
}

const NO_PROOF: ReadonlySet<Transaction['pop']> = new Set<Transaction['pop']>([
  ...(['rejected', 'stands', 'not-applicable'] as const),
]);

/** A refund that is journalled and not yet asked of the network. */
export interface IntendedRefund {
  readonly inbound: CardInbound;
  readonly request: PaymentRequest;
  /** The refund's own transaction. */
  readonly transaction: string;
  readonly cardReference: string;
  /** It was given at the terminal. */
  readonly isTold: boolean;
}

/**
 * Takes a refund's amount from what its original still has to give, before the network is asked. The original's own
 * version keeps two refunds from taking the same money; a refund that is known to have paid nothing gives it back.
 * One that names its sale and leads nowhere is refused: which sale has that money left nobody knows.
 *
 * @throws Refusal SW_ORIGINAL_UNKNOWN, SW_ORIGINAL_STATE, SW_CARD_CONTRADICTORY, SW_AMOUNT
 */
export async function reserveRefund(
  { inbound, request, transaction, cardReference, isTold }: IntendedRefund,
  ports: Ports,
): Promise<ReservedRefund> {
  let leavesProof = false;
  const { journal, directory } = ports;
  const partners = directory.refundPartners(request.merchant);
  const finding = await findReferred(inbound, referredOriginal(inbound, partners), ports);
  // The code of one that was given at the terminal may be its own.
  if (finding.status === 'unknown' && isTold && request.refersTo === undefined) return { leavesProof };
  if (!('transaction' in finding) || !finding.transaction.opening) {
    throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE37', found: finding.status });
  }

  const { transaction: found } = finding;
  const refunded = await refundedMinorUnits(found, journal);
  await appendNext(journal, found.id, (original) => {
    leavesProof = hasProof(original);
    if (original.refunds.some(({ refund }) => refund === transaction)) return undefined;
    if (!isMeant(original, request.originalApprovalCode)) {
      throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE38' });
    }
    const { opening, state } = original;
    if (!opening || !stateAfter(state, 'refund-reserved') || !hasTaken(original)) {
      throw new Refusal('SW_ORIGINAL_STATE', { state });
    }
    checkCardAndCurrency(opening, { reference: cardReference }, request.amount);

    const unseen = original.refunds.slice(refunded.seen).reduce((sum, refund) => sum + refund.minorUnits, 0);
    const left = original.standingMinorUnits - refunded.minorUnits - unseen;
    if (request.amount.minorUnits > left) {
      if (original.refunds.length > 0) sometimes('refund beyond its original');
      throw new Refusal('SW_AMOUNT', { element: 'DE4' });
    }
    return {
      kind: 'refund-reserved',
      body: { refund: transaction, minorUnits: request.amount.minorUnits },
    };
  });
  return { leavesProof };
}

/**
 * A proof stands of it, or may yet: the chain cannot take back what a refund gives back. One that was cancelled was of
 * another amount, and is asked for anew for what stands.
 */
function hasProof({ opening, decided, popParties, pop, standingMinorUnits }: Transaction): boolean {
  if (pop !== 'cancelled') return popParties !== null && !NO_PROOF.has(pop);
  return (
    opening !== undefined &&
    popPurchase(witnessedFacts(opening, decided), popParties, standingMinorUnits) !== undefined
  );
}

/** A pre-authorisation has taken nothing before it is completed, and a refund gives. */
function hasTaken({ opening, state }: Transaction): boolean {
  const kind = opening?.facts.kind;
  return kind !== 'refund' && (kind !== 'pre-authorisation' || state === 'captured');
}

/**
 * Who asks what is left of the original. What a refund may have paid, nobody is paid again: it counts until the network
 * has acknowledged that it is undone. A void does not wait for that where the terminal itself has reversed the refund,
 * and a reversal never does: the refund was declined or reversed at the terminal, and its own reversal is on the way.
 */
export type TakesOfOriginal = 'refund' | 'void' | 'reversal';

/**
 * What was refunded of a transaction or may yet be. A reservation ends when its refund is known to have paid nothing:
 * declined by the network, never sent, or acknowledged as reversed. That it was declined at the terminal says less.
 */
export async function refundedMinorUnits(
  { refunds }: Pick<Transaction, 'refunds'>,
  journal: Pick<Journal, 'history'>,
  by: TakesOfOriginal = 'refund',
): Promise<{ minorUnits: number; seen: number }> {
  let minorUnits = 0;
  for (const reserved of refunds) {
    const refund = await readTransaction(journal, reserved.refund);
    minorUnits += Math.min(reserved.minorUnits, paidFor(refund, by) ?? reserved.minorUnits);
  }
  return { minorUnits, seen: refunds.length };
}

/** What a refund paid at most, in minor units; nothing where it is not decided. */
function paidFor(refund: Transaction, by: TakesOfOriginal): number | undefined {
  const { state, standingMinorUnits, networkMinorUnits } = refund;
  if (state === 'none' || state === 'intended') return undefined;
  const isUndone = by === 'reversal' || (by === 'void' && state === 'taken-back');
  return isUndone ? standingMinorUnits : Math.max(standingMinorUnits, networkMinorUnits);
}
