import { foldTransaction, type Transaction } from '../../switch/transaction/fold.ts';
import { nameOfAccount, nameOfPayment, type PaymentNumbers } from '../peers/names.ts';
import type { Simulation } from '../simulation.ts';
import type { StoredEntry } from '../world/database-tables.ts';

/** What the journal says in the end: only compared with the peers' ledgers, never believed. */
export interface JournalView {
  readonly transactions: readonly Transaction[];
  /** Of the terminal's own names for a payment: `terminal/stan amount`. */
  readonly byPayment: ReadonlyMap<string, Transaction>;
  /** Payments that the journal has more than once: same name, card and currency. */
  readonly twice: readonly string[];
  /** What networks may know of, by the name of their account. */
  readonly accounts: ReadonlySet<string>;
  /** When a reversal that matched nothing, and may well mean this payment, was written down: people look at it. */
  readonly mayBeMeant: ReadonlyMap<string, number>;
  /** When a transaction was opened. */
  openedAt(transaction: string): number;
  /** Kinds of entries of a transaction, in order. */
  kinds(transaction: string): readonly string[];
  /** Follow-ups that people must look at, as `task transaction`. */
  readonly parked: ReadonlySet<string>;
  /** Follow-ups are given up after a few attempts, whatever they are. */
  readonly givesUpSoon: boolean;
}

/** No network is away for so many attempts. */
const MANY_ATTEMPTS = 1_000;

export function readJournal({ database: { tables }, settings }: Simulation): JournalView {
  const transactions: Transaction[] = [];
  for (const id of tables.journal.keys()) {
    const folded = foldTransaction(tables.history(id));
    if (folded) transactions.push(folded);
  }
  return {
    transactions,
    byPayment: byPayment(transactions),
    twice: twice(transactions),
    accounts: new Set(transactions.flatMap((transaction) => numbersOf(transaction).map(nameOfAccount))),
    mayBeMeant: firstOfEach([...tables.journal.values()].flatMap(mayMean)),
    openedAt: (id) => Math.min(...(tables.journal.get(id) ?? []).map(({ committedAt }) => committedAt)),
    kinds: (id) => tables.history(id).map(({ kind }) => kind),
    parked: new Set(tables.parked.map(({ job }) => `${job.task} ${job.transaction}`)),
    givesUpSoon: settings.followUps.maxAttempts < MANY_ATTEMPTS,
  };
}

/** Two inquiries of one second may have the same name: then it is the one that was not declined. */
function byPayment(transactions: readonly Transaction[]): Map<string, Transaction> {
  const found = new Map<string, Transaction>();
  for (const transaction of transactions) {
    for (const numbers of numbersOf(transaction)) {
      const name = nameOfPayment(numbers);
      const isBesides = transaction.state === 'declined' && found.has(name);
      if (!isBesides) found.set(name, transaction);
    }
  }
  return found;
}

function twice(transactions: readonly Transaction[]): string[] {
  const seen = new Set<string>();
  return transactions.flatMap((transaction) =>
    numbersOf(transaction).flatMap((numbers) => {
      const name = nameOfPayment(numbers);
      const { maskedPan, amount } = transaction.opening?.facts ?? {};
      const whole = `${name} ${maskedPan} ${amount?.currency}`;
      const isTwice = seen.has(whole);
      seen.add(whole);
      return isTwice ? [name] : [];
    }),
  );
}

/** Said at once, or when it was looked at once more. */
function mayMean(entries: readonly StoredEntry[]): readonly (readonly [string, number])[] {
  const [first] = entries;
  if (first?.kind !== 'remembered') return [];
  const meant = entries.flatMap(({ body }) => {
    const { mayMean: found = [] } = JSON.parse(body) as { readonly mayMean?: readonly string[] };
    return found;
  });
  return meant.map((transaction) => [transaction, first.committedAt]);
}

function firstOfEach(found: readonly (readonly [string, number])[]): Map<string, number> {
  return new Map(found.toSorted(([, one], [, other]) => other - one));
}

/** None for a reversal whose original never came. */
function numbersOf(transaction: Transaction): PaymentNumbers[] {
  const facts = transaction.opening?.facts;
  if (!facts) return [];
  const { terminal, stan, localDate, localTime, amount } = facts;
  return [{ terminal: terminal.trimEnd(), stan, localDate, localTime, amount: amount.minorUnits }];
}
