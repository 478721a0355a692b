import type { FollowUp, Journal } from '../journal/journal.ts';
import type { EntryBodies, EntryKind } from './entries.ts';
import { foldTransaction, type Transaction } from './fold.ts';

/** An entry to append after everything that is known of a transaction. */
export type NextEntry = {
  [K in EntryKind]: { kind: K; body: EntryBodies[K]; followUps?: readonly FollowUp[] };
}[EntryKind];

const MAX_COLLISIONS = 20;

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
 */
export async function appendNext(
  journal: Journal,
  transaction: string,
  next: (transaction: Transaction) => NextEntry | undefined,
): Promise<void> {
  for (let collisions = 0; collisions < MAX_COLLISIONS; collisions += 1) {
    const current = await readTransaction(journal, transaction);
    const entry = next(current);
    if (!entry) return;
    const { status } = await journal.append({ transaction, version: current.version + 1, ...entry });
    if (status === 'appended') return;
  }
  throw new Error(`transaction ${transaction} changed ${MAX_COLLISIONS} times while it was written to`);
}
