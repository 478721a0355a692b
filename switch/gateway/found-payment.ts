import type { Journal } from '../journal/journal.ts';
import type { OpeningBody } from '../transaction/entries.ts';
import { foldTransaction, type Transaction } from '../transaction/fold.ts';
import type { Caller } from './callers.ts';
import { Problem } from './problems.ts';

/** A payment that has an opening, as every payment of a merchant has. */
export interface FoundPayment {
  readonly payment: Transaction;
  readonly opening: OpeningBody;
}

/**
 * A payment of the caller's merchant, whichever way it came in. One of another merchant is told of as one that there is
 * not, so that nobody learns which ids there are. Whoever tells of a payment or changes one asks here: the isolation of
 * merchants stands in one place.
 * @throws Problem GW_NOT_FOUND, JournalError
 */
export async function foundPayment(
  id: string,
  { merchant }: Pick<Caller, 'merchant'>,
  journal: Pick<Journal, 'history'>,
): Promise<FoundPayment> {
  const payment = foldTransaction(await journal.history(id));
  const { opening } = payment ?? {};
  if (!payment || opening?.facts.merchant.trimEnd() !== merchant.id) throw new Problem('GW_NOT_FOUND');
  return { payment, opening };
}
