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

/** How a network answers a reversal that says something else of its payment; what it calls the payment, if anything. */
interface Comparison {
  readonly inconsistent: string;
  readonly identifier: ((account: Pick<Known, 'approvalCode'>) => string) | undefined;
}

export const COMPARES: Readonly<Record<HostName, Comparison>> = {
  visa: { inconsistent: '76', identifier: identifierOf },
  lodging: { inconsistent: '76', identifier: identifierOf },
  mastercard: { inconsistent: '25', identifier: traceIdOf },
  iso87: { inconsistent: '25', identifier: undefined },
  plain: { inconsistent: '25', identifier: undefined },
};

/**
 * Whether a reversal says another thing than its network has: then it is not of that payment. A certification desk
 * compares all of it: the code and the identifier that the answer brought, both or neither, and the amount. That is
 * what was approved, whatever a tip made of it, or what was completed; what was asked for only where nobody answered.
 */
export function saysOther(
  account: Known,
  { amount, approvalCode, transactionId }: ReversalData,
  named: Comparison['identifier'],
): boolean {
  if (approvalCode !== undefined && approvalCode !== account.approvalCode) return true;
  const isAnswered = approvalCode !== undefined && !account.isAdvised;
  const identifier = isAnswered ? named?.(account) : undefined;
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

/** DE63 of Mastercard's answers: its code, and the last digits of the identifier; DE15 is the day. */
const MASTERCARD_CODE = 'MCC';
export const MASTERCARD_DAY = '1123';
const REFERENCE_DIGITS = 6;

export function mastercardReference(transactionId: string): string {
  return MASTERCARD_CODE + transactionId.slice(-REFERENCE_DIGITS);
}

/** What Mastercard calls a payment in DE48.63: DE63 and DE15 of its answer. */
function traceIdOf(account: Pick<Known, 'approvalCode'>): string {
  return mastercardReference(identifierOf(account)) + MASTERCARD_DAY;
}
