import type { OpenBatch } from '../projection/projection-reader.ts';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import type { BatchDifference, BatchTotals } from '../transaction/entries.ts';

/** What the members of a batch come to: what was taken is a sale, what was given a refund. */
export function totalsOf(members: readonly StoredTransaction[]): BatchTotals {
  const side = (which: StoredTransaction['batch_side']) => {
    const counted = members.filter((member) => member.batch_side === which);
    return { count: counted.length, minorUnits: counted.reduce((sum, member) => sum + countedOf(member), 0) };
  };
  return { sales: side('sale'), refunds: side('refund') };
}

/** What of it is in this batch: of several completions, those since the one before was closed. */
function countedOf({ standing, settled }: Pick<StoredTransaction, 'standing' | 'settled'>): number {
  return standing - (settled ?? 0);
}

/**
 * On which transactions terminal and switch do not agree, by what the terminal uploaded.
 * @param reopened the batch that was closed last, where the terminal counts it still: its answer was lost
 */
export function batchDifferences(
  { members, uploads }: Pick<OpenBatch, 'members' | 'uploads'>,
  reopened: string | undefined,
): BatchDifference[] {
  const uploaded = new Set(uploads.map(({ original }) => original));
  const missing = members
    .filter(({ transaction }) => !uploaded.has(transaction))
    .map((member) => ({ kind: 'not-uploaded' as const, ...namesOf(member) }));
  const wrong = uploads.flatMap(({ known, stan, rrn, amount }): BatchDifference[] => {
    const told = { stan, ...(rrn !== null && { rrn }), terminalMinorUnits: amount };
    if (!known) return [{ kind: 'unknown-here', ...told }];
    const kind = differenceOf(known, amount, reopened);
    return kind ? [{ kind, ...namesOf(known), terminalMinorUnits: amount }] : [];
  });
  return [...wrong, ...missing];
}

function differenceOf(
  known: StoredTransaction,
  amount: number,
  reopened: string | undefined,
): BatchDifference['kind'] | undefined {
  const { batch, batch_side: side, settled_in: before } = known;
  if (side === null) return 'does-not-stand';
  if (batch !== null && batch !== reopened && batch !== before) return 'settled-before';
  return countedOf(known) === amount ? undefined : 'other-amount';
}

function namesOf(known: StoredTransaction) {
  const { transaction, stan, rrn } = known;
  return { transaction, stan, rrn, switchMinorUnits: countedOf(known) };
}
