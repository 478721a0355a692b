import type { Monotonic } from '../../runtime/index.ts';
import type { Claim, NewEntry } from '../journal/journal.ts';
import { type Step, untilAppended } from '../journal/until-appended.ts';
import type { Ports } from '../ports.ts';
import { readTransaction } from '../transaction/append-next.ts';

// A late original is refused by the one name that its reversal gave it, and its terminal may have repeated it in the
// meantime under a DE7 of its own. Nothing is written of what is refused, so that repeat would be a payment which
// nobody has reversed. So the reversal learns its local time, which all of its repeats have, and they are refused.

/** What was refused for a reversal that was there before it. */
export interface Reversed {
  /** The reversal. */
  readonly transaction: string;
  /** Of the claim that led to it: until when it is remembered, and for what. */
  readonly fingerprint: string;
  /** The original by its local time, and by its DE7. */
  readonly key: string;
  readonly original: string;
  readonly deadline: Monotonic;
}

/**
 * A journal that does not take it keeps nobody from hearing the refusal: should the repeat come it is approved, and the
 * second look at its reversal tells people.
 */
export async function nameReversed(
  { transaction, fingerprint, key, original, deadline }: Reversed,
  { journal, log }: Pick<Ports, 'journal' | 'log'>,
): Promise<void> {
  const look = async (): Promise<Step<undefined>> => {
    if (await journal.transactionOf(key)) return { done: undefined };
    const { version } = await readTransaction(journal, transaction);
    const claims: Claim[] = [{ key, fingerprint, role: 'unique' }];
    const body = { original, key };
    const entry: NewEntry = { transaction, version: version + 1, kind: 'named-again', body, claims };
    return { entry, result: undefined };
  };

  await untilAppended(journal, look, { deadline }).catch((error: unknown) => {
    log.warn({ event: 'repeat.not-named', transaction, err: error });
  });
}
