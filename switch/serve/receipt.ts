import { hash } from 'node:crypto';
import type { TransactionFacts } from '../../connectors/index.ts';

/**
 * SHA-256 of the purchase's receipt, 64 hexadecimal digits: what the consensus witnesses. The receipt is one line
 * of the fields that a printed one carries, in this order, separated by `|`.
 */
export function receiptHash(facts: TransactionFacts): string {
  const { transaction, merchant, terminal, rrn, amount, localDate, localTime } = facts;
  const receipt = [
    transaction,
    merchant,
    terminal,
    rrn,
    amount.minorUnits,
    amount.currency,
    localDate,
    localTime,
  ];
  return hash('sha256', receipt.join('|'));
}
