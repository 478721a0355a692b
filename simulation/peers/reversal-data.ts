import type { HostName } from '../faults.ts';

/** What a reversal says of its payment beside the numbers that it is found by. */
export interface ReversalData {
  /** DE4. */
  readonly amount: number;
  /** DE38. */
  readonly approvalCode?: string | undefined;
  /** F62.2, of a network that has an identifier of its own. */
  readonly transactionId?: string | undefined;
}

/** What a network has of the payment, in minor units; see `NetworkAccount`. */
interface Known {
  readonly amount: number;
  readonly approved: number;
  readonly approvalCode: string;
  readonly isAdvised: boolean;
  readonly completed?: number;
  readonly isReversedInPart?: boolean;
}

/** How a network compares what a reversal says with what it has. */
export interface Comparison {
  /** Its answer where the two differ: nothing is done. */
  readonly inconsistent: string;
  /** It gives what it approves an identifier. */
  readonly hasIdentifier: boolean;
}

/** Those of guests do not: a stay is added to and completed many times. */
export const COMPARES: Partial<Record<HostName, Comparison>> = {
  visa: { inconsistent: '76', hasIdentifier: true },
  iso87: { inconsistent: '25', hasIdentifier: false },
};

/**
 * Whether a reversal says another thing than its network has: then it is not of that payment. A certification desk
 * compares all of it: the code and the identifier that the answer brought, both or neither, and the amount. That is
 * what was approved, whatever a tip made of it, or what was completed; what was asked for only where nobody answered.
 */
export function saysOther(
  account: Known,
  { amount, approvalCode, transactionId }: ReversalData,
  { hasIdentifier }: Comparison,
): boolean {
  if (approvalCode !== undefined && approvalCode !== account.approvalCode) return true;
  const isAnswered = approvalCode !== undefined && !account.isAdvised;
  const identifier = hasIdentifier && isAnswered ? identifierOf(account) : undefined;
  if (transactionId !== identifier) return true;

  const isUnanswered = approvalCode === undefined && !account.isAdvised;
  return amount !== knownBy(account) && !(isUnanswered && amount === account.amount);
}

/** What was given back in part keeps the name that it had first. */
function knownBy({ approved, completed, isReversedInPart }: Known): number {
  return (isReversedInPart ? undefined : completed) ?? approved;
}

/** Fifteen digits. */
export function identifierOf({ approvalCode }: Pick<Known, 'approvalCode'>): string {
  return `300${approvalCode.padStart(12, '0')}`;
}
