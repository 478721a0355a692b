import type { OpeningBody } from '../../switch/transaction/entries.ts';
import { foldTransaction, type Transaction } from '../../switch/transaction/fold.ts';
import { asNetworkKnows } from '../../switch/transaction/network-facts.ts';
import { nameOfPayment } from '../peers/names.ts';
import type { NetworkAccount } from '../peers/network-ledger.ts';
import type { Tables } from '../world/database-tables.ts';

/** What the journal says in the end: only compared with the peers' ledgers, never believed. */
export interface JournalView {
  readonly transactions: readonly Transaction[];
  /** Of the terminal's own names for a payment: `terminal/stan amount`. */
  readonly byPayment: ReadonlyMap<string, Transaction>;
  /** What its terminal calls a payment that a network has under numbers of the switch's. */
  nameOf(network: string, account: NetworkAccount): string;
  /** Kinds of entries of a transaction, in order. */
  kinds(transaction: string): readonly string[];
  /** Follow-ups that people must look at, as `task transaction`. */
  readonly parked: ReadonlySet<string>;
}

export function readJournal(tables: Tables): JournalView {
  const transactions: Transaction[] = [];
  for (const id of tables.journal.keys()) {
    const folded = foldTransaction(tables.history(id));
    if (folded) transactions.push(folded);
  }
  const terminalsOwn = new Map(transactions.flatMap(({ opening }) => (opening ? [namedThere(opening)] : [])));
  return {
    transactions,
    byPayment: new Map(transactions.flatMap((transaction) => namesOf(transaction))),
    nameOf: (network, account) => {
      const stan =
        terminalsOwn.get(`${network}|${account.terminal}|${account.rrn}|${account.stan}`) ?? account.stan;
      return nameOfPayment({ ...account, stan });
    },
    kinds: (id) => tables.history(id).map(({ kind }) => kind),
    parked: new Set(tables.parked.map(({ job }) => `${job.task} ${job.transaction}`)),
  };
}

/** By which network, terminal, RRN and STAN a payment is known, and the STAN that its terminal gave it. */
function namedThere({ facts, network }: OpeningBody): [string, string] {
  const { terminal, rrn, stan } = asNetworkKnows(facts);
  return [`${network}|${terminal.trimEnd()}|${rrn}|${stan}`, facts.stan];
}

/** None for a reversal whose original never came. */
function namesOf(transaction: Transaction): [string, Transaction][] {
  const facts = transaction.opening?.facts;
  if (!facts) return [];
  const { terminal, stan, localDate, localTime, amount } = facts;
  const numbers = { terminal: terminal.trimEnd(), stan, localDate, localTime, amount: amount.minorUnits };
  return [[nameOfPayment(numbers), transaction]];
}
