import type { PopPurchase } from '../connectors/index.ts';
import type { IntendedBody } from './transaction.ts';

/** What the consensus is asked to witness, or nothing where card or merchant is not enrolled. */
export function popPurchase({ facts, pop }: IntendedBody): PopPurchase | undefined {
  if (!pop) return undefined;
  const { transaction, amount } = facts;
  return { transaction, amount, ...pop, suppliers: [], tokenReferences: [] };
}
