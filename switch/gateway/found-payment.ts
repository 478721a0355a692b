import type { OpeningBody } from '../transaction/entries.ts';
import { foldTransaction, type Transaction } from '../transaction/fold.ts';
import type { Caller } from './callers.ts';
import type { DeskParts } from './core-call.ts';
import { Problem } from './problems.ts';

/** A payment that has an opening, as every payment of a merchant has. */
export interface FoundPayment {
  readonly payment: Transaction;
  readonly opening: OpeningBody;
}

/**
 * A payment of the caller's merchant, whichever way it came in. One of another merchant is told of as one that there is
 * not, so that nobody learns which ids there are. Whoever tells of a payment or changes one asks here: the isolation of
 * merchants stands in one place. The id of one that waited, and whose key had made another payment, leads to that.
 * @throws Problem GW_NOT_FOUND, JournalError, Refusal SW_VAULT
 */
export async function foundPayment(
  id: string,
  { merchant }: Pick<Caller, 'merchant'>,
  { ports: { journal }, queued }: Pick<DeskParts, 'ports' | 'queued'>,
): Promise<FoundPayment> {
  const entries = await journal.history(id);
  const became = entries.length === 0 ? (await queued.find(merchant.id, id))?.became : undefined;
  const payment = foldTransaction(became === undefined ? entries : await journal.history(became));
  const { opening } = payment ?? {};
  if (!payment || opening?.facts.merchant.trimEnd() !== merchant.id) throw new Problem('GW_NOT_FOUND');
  return { payment, opening };
}
