import type { FollowUp, Journal } from '../journal/journal.ts';
import { untilAppended } from '../journal/until-appended.ts';
import type { EntryBodies, EntryKind } from './entries.ts';
import { foldTransaction, type Transaction } from './fold.ts';

// To write what follows from the present state of a transaction: for follow-ups and whoever else has no message to
// answer. See `untilAppended` for what happens where two do so at once.

/** An entry to append after everything that is known of a transaction. */
export type NextEntry = {
  [K in EntryKind]: { kind: K; body: EntryBodies[K]; followUps?: readonly FollowUp[] };
}[EntryKind];

/** The transaction as the journal has it now. @throws where the journal knows nothing of it */
export async function readTransaction(
  journal: Pick<Journal, 'history'>,
  transaction: string,
): Promise<Transaction> {
  const folded = foldTransaction(await journal.history(transaction));
  if (!folded) throw new Error(`the journal has no transaction ${transaction}`);
  return folded;
}

/**
 * Appends what `next` makes of the transaction's present state, or nothing where it makes nothing. Should another
 * writer get there first, `next` is asked again with what that writer left.
 * @param known as it was read a moment ago, which spares a read: where something follows from it the journal tells
 * whether it is over, and where nothing does it is read after all
 * @throws JournalError, and what `next` throws
 */
export function appendNext(
  journal: Journal,
  transaction: string,
  next: (transaction: Transaction) => NextEntry | undefined,
  known?: Transaction,
): Promise<void> {
  const stepFrom = (current: Transaction) => {
    const entry = next(current);
    return entry && { entry: { transaction, version: current.version + 1, ...entry }, result: undefined };
  };
  return untilAppended<void>(journal, async (collision) => {
    const guess = known && !collision ? stepFrom(known) : undefined;
    return guess ?? stepFrom(await readTransaction(journal, transaction)) ?? { done: undefined };
  });
}
