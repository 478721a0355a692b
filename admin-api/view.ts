import { asNetworkKnows, foldTransaction, type JournalEntry, type Transaction } from '../switch/index.ts';
import type { TransactionView } from './transaction-view.ts';

/** Tells a transaction from its journal entries, oldest first; `undefined` where there are none. */
export function viewOf(entries: readonly JournalEntry[]): TransactionView | undefined {
  const transaction = foldTransaction(entries);
  const first = entries[0];
  const opening = transaction?.opening;
  if (!transaction || !opening || !first) return undefined;
  const { facts, listener } = opening;
  return {
    id: transaction.id,
    kind: facts.kind,
    receivedAt: timeOf(first),
    listener,
    terminal: facts.terminal,
    merchant: facts.merchant,
    maskedPan: facts.maskedPan,
    amount: facts.amount,
    stan: facts.stan,
    rrn: facts.rrn,
    legs: legsOf(transaction, opening),
    ...verdictOf(transaction),
    followUps: [...(transaction.decided?.followUps ?? [])],
    cases: [...transaction.cases],
    history: entries.map((entry) => ({ version: entry.version, kind: entry.kind, at: timeOf(entry) })),
  };
}

function legsOf(
  { network, pop, popValidation, decided }: Transaction,
  { network: name, facts }: NonNullable<Transaction['opening']>,
): TransactionView['legs'] {
  const outcome = decided?.network;
  const { stan, rrn } = asNetworkKnows(facts);
  const code = outcome && 'code' in outcome ? { code: outcome.code } : {};
  const validation = popValidation === undefined ? {} : { validation: popValidation };
  return {
    network: { name, state: network, ...code, stan, rrn },
    pop: { state: pop, ...validation },
  };
}

function verdictOf({ decided }: Transaction): Pick<TransactionView, 'verdict'> {
  if (!decided) return {};
  const { approved, reply } = decided;
  const { code, approvalCode, approvedMinorUnits } = reply;
  return {
    verdict: {
      approved,
      code,
      ...(approvalCode === undefined ? {} : { approvalCode }),
      ...(approvedMinorUnits === undefined ? {} : { approvedMinorUnits }),
    },
  };
}

function timeOf({ at }: JournalEntry): string {
  return new Date(at).toISOString();
}
