import { type CaseKind, journalCaseKind } from '../cases/case-kinds.ts';
import type { CaseDraft } from '../cases/open-cases.ts';
import type { BatchRow } from './batch-rows.ts';
import type { ProjectedTransaction, TransactionRow } from './transaction-row.ts';
import type { Unreadable } from './unread-entries.ts';

/** The cases that a transaction's own entries ask for, before any ledger is compared. */
export function casesOfTransaction({
  row,
  mayMean,
}: Pick<ProjectedTransaction, 'row' | 'mayMean'>): CaseDraft[] {
  return row.cases.flatMap((name) => {
    const kind = journalCaseKind(name);
    if (!kind) return [];
    return {
      kind,
      subject: row.transaction,
      transaction: row.transaction,
      network: row.network || null,
      business_date: row.business_date,
      currency: row.currency || null,
      amount: kind === 'advice-kept' ? row.asked : amountAtStake(kind, row),
      suggested_action: kind === 'pop-rejected' ? 'accept' : 'by-hand',
      is_automatic: false,
      evidence: { journal: journalEvidence(row), ...(mayMean && { mayMean }) },
    };
  });
}

/**
 * Of a reversal that nobody could carry out, what it wanted back; of a void that stays, what was sold; of a hold that
 * went with its completion, what was held.
 */
function amountAtStake(caseKind: CaseKind, row: TransactionRow): number {
  if (row.kind === 'reversal') return row.asked;
  if (caseKind === 'void-reversed-late' || caseKind === 'hold-reversed') return row.approved;
  return Math.max(row.standing, row.network_amount, row.pop_amount ?? 0);
}

/** A batch that was closed out of balance: every difference is named in its evidence. */
export function caseOfBatch(row: BatchRow): CaseDraft[] {
  if (row.ordinal === null || row.is_balanced) return [];
  const { terminal_totals: terminal, switch_totals: ours } = row;
  const net = ({ sales, refunds }: typeof ours) => sales.minorUnits - refunds.minorUnits;
  return [
    {
      kind: 'batch-out-of-balance',
      subject: row.batch,
      transaction: null,
      network: null,
      business_date: row.business_date,
      currency: row.currency,
      amount: Math.abs(net(terminal) - net(ours)),
      suggested_action: 'by-hand',
      is_automatic: false,
      evidence: {
        terminal: { id: row.terminal, batch: row.number, totals: terminal },
        journal: { totals: ours },
        differences: row.differences,
      },
    },
  ];
}

/** Until a release that can read it has projected it, it is in no total, no batch and no comparison. */
export function caseOfUnreadable({ transaction, reason }: Unreadable): CaseDraft {
  return {
    kind: 'unreadable-entry',
    subject: transaction,
    transaction,
    network: null,
    business_date: null,
    currency: null,
    amount: null,
    suggested_action: 'by-hand',
    is_automatic: false,
    evidence: { journal: { reason } },
  };
}

/** What the journal says of a transaction, as evidence. */
export function journalEvidence(row: TransactionRow): object {
  const { kind, state, network_state, pop_state, terminal, stan, rrn, masked_pan, standing } = row;
  const { network_amount, pop_amount, response_code, opened_at } = row;
  return {
    kind,
    state,
    network_state,
    pop_state,
    terminal,
    stan,
    rrn,
    masked_pan,
    standing,
    network_amount,
    pop_amount,
    response_code,
    opened_at,
  };
}
