import type { Monotonic } from '../../runtime/index.ts';
import type { Claim, NewEntry } from '../journal/journal.ts';
import { type Step, untilAppended } from '../journal/until-appended.ts';
import type { Ports } from '../ports.ts';
import { readTransaction } from '../transaction/append-next.ts';

// A late original is refused by the one name that its reversal gave it, and its terminal may have repeated it in the
// meantime under a DE7 of its own. Nothing is written of what is refused, so that repeat would be a payment which
// nobody has reversed. So the reversal learns by what else the original is known, and all of it is refused.

/** What was refused for a reversal that was there before it. */
export interface Reversed {
  /** The reversal. */
  readonly transaction: string;
  /** Of the claim that led to it: until when it is remembered, and for what. */
  readonly fingerprint: string;
  /** All that the original is known by. */
  readonly keys: readonly [request: string, original: string];
  readonly deadline: Monotonic;
}

/**
 * A journal that does not take it keeps nobody from hearing the refusal: should the repeat come it is approved, and the
 * second look at its reversal tells people.
 */
export async function nameReversed(
  { transaction, fingerprint, keys, deadline }: Reversed,
  { journal, log }: Pick<Ports, 'journal' | 'log'>,
): Promise<void> {
  const [key, original] = keys;
  const look = async (): Promise<Step<undefined>> => {
    const owners = await Promise.all(keys.map((each) => journal.transactionOf(each)));
    const free = keys.filter((_, index) => owners[index] === undefined);
    if (free.length === 0) return { done: undefined };
    const { version } = await readTransaction(journal, transaction);
    const claims: Claim[] = free.map((each) => ({ key: each, fingerprint, role: 'unique' }));
    const body = { original, key };
    const entry: NewEntry = { transaction, version: version + 1, kind: 'named-again', body, claims };
    return { entry, result: undefined };
  };

  await untilAppended(journal, look, { deadline }).catch((error: unknown) => {
    log.warn({ event: 'repeat.not-named', transaction, err: error });
  });
}
