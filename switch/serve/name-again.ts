import type { Monotonic } from '../../runtime/index.ts';
import { Refusal } from '../errors.ts';
import { type Claim, JournalError, type NewEntry } from '../journal/journal.ts';
import { type Step, untilAppended } from '../journal/until-appended.ts';
import type { Ports } from '../ports.ts';
import { ANOTHER_NAME } from '../requests/keys.ts';
import { disagreement, type Meant } from '../requests/meant.ts';
import { isForgotten, isRemembered } from '../requests/remembered.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import type { EntryBodies } from '../transaction/entries.ts';
import { type UndoPorts, undoneInPart, undoneWhole } from './undo-named.ts';

// A terminal that repeats with a DE7 of its own may name either of the two when it reverses, and whichever came here
// first is the one that its payment was claimed under. So the other is written to it once its answer is there, and it
// is found by both. To know a request by its DE7 was rejected: then the repeat would be another purchase.

/** A message has so many names beside its first; a terminal that never ends repeating gives no more. */
const MOST_NAMES = 8;

/** A message that came again, and was answered before. */
export interface NamedAgain {
  readonly transaction: string;
  /** Which of its transaction's replies is its own. */
  readonly key: string;
  /** How its reversal names it now. */
  readonly original: string;
  readonly deadline: Monotonic;
}

type NamingPorts = UndoPorts & Pick<Ports, 'journal' | 'log'>;

/**
 * Lets a message be found by this name too. Its transaction must be decided: nothing may stand between an intention and
 * its decision. A journal that does not take it keeps nobody from hearing the answer: the reversal matches nothing
 * then, and is a case. What a reversal has named before, and agrees with, is what it meant, and is taken back now: down
 * to what it leaves, where it meant a part, and the message is answered as before.
 *
 * @throws Refusal SW_ALREADY_REVERSED
 */
export async function nameAgain(named: NamedAgain, ports: NamingPorts): Promise<void> {
  const { transaction, key, original, deadline } = named;
  const { journal, clock, log } = ports;
  const look = async (): Promise<Step<string | undefined>> => {
    const owner = await journal.transactionOf(original);
    if (!owner) return nameEntry(named, journal);
    const { fingerprint } = owner;
    const isReversed = isRemembered(fingerprint) && !isForgotten(fingerprint, clock.wall());
    return { done: isReversed ? owner.transaction : undefined };
  };

  try {
    const owner = await untilAppended(journal, look, { deadline });
    const reversal = owner === undefined ? undefined : await rememberedAs(owner, journal);
    if (!reversal) return;
    const meant = meantBy(reversal);
    const element = disagreement(await readTransaction(journal, transaction), meant);
    if (element !== undefined) {
      log.warn({ event: 'repeat.not-meant', transaction, reversal: owner, element });
      return;
    }
    const told = { key: reversal.key, reply: reversal.reply };
    if (reversal.isPart) {
      const leavesOf = (standing: number) => remainingOf(reversal, standing);
      await appendNext(journal, transaction, (now) => undoneInPart(now, key, { told, leavesOf }, ports));
      return;
    }
    await appendNext(journal, transaction, (now) => undoneWhole(now, key, { told, meant }, ports));
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    log.warn({ event: 'repeat.not-named', transaction, err: error });
    return;
  }
  throw new Refusal('SW_ALREADY_REVERSED', { transaction });
}

async function nameEntry(
  { transaction, key, original }: NamedAgain,
  journal: Ports['journal'],
): Promise<Step<undefined>> {
  const { version, state, names } = await readTransaction(journal, transaction);
  const others = names.filter((name) => name.key === key);
  if (state === 'intended' || others.length >= MOST_NAMES) return { done: undefined };
  const claims: Claim[] = [{ key: original, fingerprint: ANOTHER_NAME, role: 'unique' }];
  const body = { original, key };
  const entry: NewEntry = { transaction, version: version + 1, kind: 'named-again', body, claims };
  return { entry, result: undefined };
}

type Remembered = EntryBodies['remembered'];

async function rememberedAs(reversal: string, journal: Ports['journal']): Promise<Remembered | undefined> {
  const [entry] = await journal.history(reversal);
  return entry?.kind === 'remembered' ? (entry.body as Remembered) : undefined;
}

/** What the reversal says of what it names: of another card, currency or amount it was another payment's. */
function meantBy({ maskedPan, cardReference, amount, isPart }: Remembered): Meant {
  const { minorUnits = 0, currency }: Partial<NonNullable<Remembered['amount']>> = amount ?? {};
  return {
    ...(maskedPan !== undefined && { maskedPan }),
    ...(cardReference !== undefined && { cardReference }),
    ...(currency !== undefined && { currency }),
    ...(minorUnits > 0 && isPart !== true && { minorUnits }),
  };
}

/** Nothing where its entry is of a release that did not write down what it leaves. */
function remainingOf({ leaves }: Remembered, standingMinorUnits: number): number | undefined {
  if (!leaves || 'minorUnits' in leaves) return leaves?.minorUnits;
  const isPart = leaves.allBut > 0 && leaves.allBut < standingMinorUnits;
  return isPart ? standingMinorUnits - leaves.allBut : 0;
}
