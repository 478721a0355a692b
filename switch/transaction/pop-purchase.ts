import type { PopPurchase, TransactionFacts } from '../../connectors/index.ts';
import type { DecidedBody, OpeningBody, PopParties } from './entries.ts';

/** DE39 of a cashback: the purchase is approved, the cash is not. */
export const WITHOUT_CASH = '87';

/** What was asked, less the cash that was not handed out. */
export function witnessedFacts(
  { facts }: Pick<OpeningBody, 'facts'>,
  decided: Pick<DecidedBody, 'network'> | undefined,
): TransactionFacts {
  const network = decided?.network;
  if (network?.status !== 'approved' || network.code !== WITHOUT_CASH) return facts;
  const { cashbackMinorUnits: _, ...rest } = facts;
  return rest;
}

/**
 * What the consensus is asked to witness, or nothing where card or merchant is not enrolled.
 * @param minorUnits what stands of the purchase; cash that was handed out is no purchase
 */
export function popPurchase(
  { transaction, amount, cashbackMinorUnits }: TransactionFacts,
  parties: PopParties | null,
  minorUnits: number,
): PopPurchase | undefined {
  const witnessed = minorUnits - (cashbackMinorUnits ?? 0);
  if (!parties || witnessed <= 0) return undefined;
  const { currency } = amount;
  return {
    transaction,
    amount: { minorUnits: witnessed, currency },
    suppliers: [],
    ...parties,
    tokenReferences: [],
  };
}
