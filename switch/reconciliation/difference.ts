import type { CaseAction, CaseKind } from '../cases/case-kinds.ts';
import { journalEvidence } from '../projection/journal-cases.ts';
import type { StoredTransaction } from '../projection/transaction-row.ts';

/** Two ledgers that do not agree about one transaction. */
export interface Difference {
  readonly kind: CaseKind;
  /** Names it over all runs, together with its kind. */
  readonly subject: string;
  readonly leg: 'network' | 'proof';
  readonly transaction: StoredTransaction | undefined;
  readonly network: string | null;
  readonly businessDate: string;
  readonly currency: string;
  /** By how much, in minor units; never negative. */
  readonly amount: number;
  readonly action: CaseAction;
  /** The action is safe without a second pair of eyes. */
  readonly isAutomatic: boolean;
  /** The switch is still working on it: it may be no difference soon. */
  readonly isUnderWay: boolean;
  readonly evidence: object;
}

/** What a difference is, apart from what it is about. */
export type Finding = Pick<Difference, 'kind' | 'action' | 'isAutomatic' | 'isUnderWay' | 'amount'>;

/** A difference about a transaction that the journal knows. */
export function differenceOf(
  row: StoredTransaction,
  leg: Difference['leg'],
  finding: Finding,
  evidence: object,
): Difference {
  return {
    ...finding,
    leg,
    subject: row.transaction,
    transaction: row,
    network: row.network,
    businessDate: row.business_date,
    currency: row.currency,
    evidence: { journal: journalEvidence(row), ...evidence },
  };
}
