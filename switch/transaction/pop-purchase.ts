import type { PopPurchase, TransactionFacts } from '../../connectors/index.ts';
import type { PopParties } from './entries.ts';

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
    ...parties,
    suppliers: [],
    tokenReferences: [],
  };
}
