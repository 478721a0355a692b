import type { Monotonic } from '../../runtime/index.ts';
import { Refusal } from '../errors.ts';
import { type Claim, JournalError, type NewEntry } from '../journal/journal.ts';
import { type Step, untilAppended } from '../journal/until-appended.ts';
import type { Ports } from '../ports.ts';
import type { OriginalReference } from '../requests/originals.ts';
import type { NextEntry } from '../transaction/append-next.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { foldTransaction, type Transaction } from '../transaction/fold.ts';
import { stateAfter } from '../transaction/life-cycle.ts';
import { replay } from './replay.ts';

// How a message about a transaction that exists is answered once: looked at, written down under the version that was
// looked at, told. No lock is held meanwhile: of two who change the same original the second sees what the first did. A
// notice has the same answer for ever, since its own key finds what was written.

/** A message about a transaction that exists: what it is known by, and until when it must be answered. */
export interface Notice {
  readonly key: string;
  readonly fingerprint: string;
  readonly original: OriginalReference;
  readonly deadline: Monotonic;
}

/** What a notice makes of its original, or of its absence. Every one of them is answered with `reply`. */
export type Answer =
  | { readonly reply: ReplyFields; readonly entry: NextEntry }
  /** Nothing changes: the same question finds the same state and gets the same answer. */
  | { readonly reply: ReplyFields }
  /** The original does not exist: a transaction of its own remembers the notice. */
  | {
      readonly reply: ReplyFields;
      readonly opening: Pick<NewEntry, 'transaction' | 'kind' | 'body' | 'followUps'>;
      readonly claims?: readonly Claim[];
    };

/**
 * Answers a notice once, whatever happens around it: its own repeats get the stored answer; should the original change
 * (or appear) while it is looked at, the question is put again.
 *
 * @returns nothing where the journal may or may not have taken the answer: the notice's own repeat finds out
 * @throws Refusal SW_JOURNAL, SW_KEY_REUSED, and what `answer` throws
 */
export async function answerNotice(
  notice: Notice,
  answer: (original: Transaction | undefined) => Answer | Promise<Answer>,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const { journal, log } = ports;
  const { key, fingerprint, deadline } = notice;
  const look = async (): Promise<Step<ReplyFields | undefined>> => {
    // In this order: an original that was changed by this very notice, sent twice, is not asked what it allows now.
    const original = await findOriginal(notice.original, ports);
    const repeated = await journal.transactionOf(key);
    if (repeated) return { done: await replay(repeated, fingerprint, deadline, ports, key) };

    const answered = await answer(original);
    const entry = entryOf(answered, original);
    if (!entry) return { done: answered.reply };
    const claims = [...(entry.claims ?? []), claimOf(notice)];
    return { entry: { ...entry, claims }, result: answered.reply };
  };

  try {
    return await untilAppended(journal, look, { deadline });
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    if (error.committed === 'no') throw new Refusal('SW_JOURNAL', {}, { cause: error });
    log.warn({ event: 'notice.undecidable', err: error });
    return undefined;
  }
}

function claimOf({ key, fingerprint }: Notice): Claim {
  return { key, fingerprint, role: 'unique' };
}

function entryOf(answered: Answer, original: Transaction | undefined): NewEntry | undefined {
  if ('opening' in answered) {
    return { ...answered.opening, version: 1, ...(answered.claims && { claims: answered.claims }) };
  }
  if (!('entry' in answered) || !original) return undefined;
  if (!stateAfter(original.state, answered.entry.kind)) {
    throw new Refusal('SW_ORIGINAL_STATE', { state: original.state });
  }
  return { transaction: original.id, version: original.version + 1, ...answered.entry };
}

async function findOriginal(
  { keys, exact, stan }: OriginalReference,
  { journal }: Pick<Ports, 'journal'>,
): Promise<Transaction | undefined> {
  for (const key of keys) {
    const claimed = await journal.transactionOf(key);
    if (!claimed) continue;
    const found = foldTransaction(await journal.history(claimed.transaction));
    if (key === exact || stan === undefined || found?.opening?.facts.stan === stan) return found;
  }
  return undefined;
}
