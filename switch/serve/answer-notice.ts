import type { Monotonic } from '../../runtime/index.ts';
import type { Inbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import { type Claim, JournalError, type NewEntry } from '../journal/journal.ts';
import { type Collision, type Step, untilAppended } from '../journal/until-appended.ts';
import type { Ports } from '../ports.ts';
import {
  ANOTHER_NAME,
  isReference,
  keyOf,
  MOST_PLACES,
  originalKey,
  placeOf,
  requestKey,
} from '../requests/keys.ts';
import { contradicts, isForgotten, isRemembered, type RememberedMeaning } from '../requests/remembered.ts';
import type { NextEntry } from '../transaction/append-next.ts';
import type { EntryBodies, ReplyFields } from '../transaction/entries.ts';
import { foldTransaction, type Transaction } from '../transaction/fold.ts';
import { stateAfter } from '../transaction/life-cycle.ts';
import { type Finding, ownerOf } from './find-original.ts';
import { nameAgain } from './name-again.ts';
import { nameReversed } from './name-reversed.ts';
import { replay } from './replay.ts';

// How a message about a transaction that exists is answered once: looked at, written down under the version that was
// looked at, told. No lock is held meanwhile: of two who change the same original the second sees what the first did.
// A notice has the same answer for ever, since its own key finds what was written.

/** What a message about a transaction that exists is known by, and until when it must be answered. */
export interface Told {
  readonly key: string;
  readonly fingerprint: string;
  readonly deadline: Monotonic;
}

export interface Notice extends Told {
  /** What it is about; asked again whenever another writer was first. */
  readonly find: () => Promise<Finding>;
  /** How its reversal names it, where it can be reversed: by the DE7 of its repeat, too. */
  readonly original?: string;
  /** Its time may be its original's: so its key alone does not tell it from another such notice, and this does. */
  readonly mayShareKey?: RememberedMeaning;
  /** What it tells of: a reversal that came before means it by its retrieval reference only where this agrees. */
  readonly tells?: RememberedMeaning;
  /** It is written to its original: one that names another, under the numbers of before, is no repeat. */
  readonly isOfOriginal?: true;
}

/** DE39: the terminal need not say it again. */
export const ACCEPTED = '00';

/** @param fingerprint what must be unchanged when it comes again */
export function toldBy({ sender, party, noticeBy }: Inbound, fingerprint: string): Told {
  return { key: requestKey(party.key, sender), fingerprint, deadline: noticeBy };
}

/** Its name by DE7, beside its key by local time: its reversal finds it by either, or has come before it. */
export function anotherName({ party, sender }: Pick<Inbound, 'party' | 'sender'>): Claim {
  return { key: originalKey(party.key, sender), fingerprint: ANOTHER_NAME, role: 'unique' };
}

/** What a notice makes of its original, or of its absence. Every one of them is answered with `reply`. */
export type Answer =
  | { readonly reply: ReplyFields; readonly entry: NextEntry; readonly claims?: readonly Claim[] }
  /** Nothing changes: the same question finds the same state and gets the same answer. */
  | { readonly reply: ReplyFields }
  /** Not of the original: a transaction of its own remembers the notice. */
  | {
      readonly reply: ReplyFields;
      readonly opening: Pick<NewEntry, 'transaction' | 'kind' | 'body' | 'followUps'>;
      readonly claims?: readonly Claim[];
    };

/**
 * Answers a notice once, whatever happens around it: its own repeats get the stored answer; should the original
 * change (or appear) while it is looked at, the question is put again.
 *
 * @param answer what is made of the original that was found, or of how the search ended without one @returns nothing
 * where the journal may or may not have taken the answer: the notice's own repeat finds out @throws Refusal
 * SW_JOURNAL, SW_KEY_REUSED, SW_ALREADY_REVERSED, and what `answer` throws
 */
export async function answerNotice(
  notice: Notice,
  answer: (original: Transaction | undefined, finding: Finding) => Answer | Promise<Answer>,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const { journal, log } = ports;
  const { fingerprint, deadline } = notice;
  const taken: Taken[] = [];
  let finding: Finding = { status: 'unknown' };
  const look = async (collision?: Collision): Promise<Step<ReplyFields | undefined>> => {
    if (collision?.status === 'claimed') taken.push(collision);
    // In this order: an original that was changed by this very notice, sent twice, is not asked what it allows now.
    if (!isOfReference(collision)) finding = await notice.find();
    const { owner: repeated, place } = await ownPlace(notice, finding, ports);
    if (repeated) {
      await checkSameOriginal(repeated, notice, finding, ports);
      return { done: await answerRepeated(repeated, notice, ports) };
    }

    const original = 'transaction' in finding ? finding.transaction : undefined;
    const answered = await answer(original, finding);
    const entry = entryOf(answered, original);
    if (!entry) return { done: answered.reply };
    const own: Claim = { key: place, fingerprint, role: 'unique' };
    const others = freeClaims(entry.claims ?? [], taken, notice, ports);
    return { entry: { ...entry, claims: [own, ...others] }, result: answered.reply };
  };

  try {
    return await untilAppended(journal, look, { deadline });
  } catch (error) {
    if (error instanceof Refusal) await nameIfReversed(error, notice, taken, ports);
    if (!(error instanceof JournalError)) throw error;
    if (error.committed === 'no') throw new Refusal('SW_JOURNAL', {}, { cause: error });
    log.warn({ event: 'notice.undecidable', err: error });
    return undefined;
  }
}

/** What its reversal has named by its DE7 is refused under its local time as well: its repeat may have another DE7. */
async function nameIfReversed(
  { code }: Refusal,
  { key, original, deadline }: Notice,
  taken: readonly Taken[],
  ports: Ports,
): Promise<void> {
  const reversal = taken.findLast((each) => each.key === original && isRemembered(each.fingerprint));
  if (code !== 'SW_ALREADY_REVERSED' || original === undefined || !reversal) return;
  await nameReversed({ ...reversal, key, original, deadline }, ports);
}

/** Another payment has the retrieval reference: the original is as it was, and a day has many that share one. */
function isOfReference(collision: Collision | undefined): boolean {
  return collision?.status === 'claimed' && isReference(collision.key);
}

/**
 * Who wrote this notice down before, or where it is to be written. A reversal often has the time of its original: so
 * two reversals of one STAN have one key, where a terminal counts its STANs anew. One that finds a payment is not the
 * reversal of another payment, nor one of this payment that says something else, and none is the one of nothing that
 * said otherwise: it goes to the next place.
 */
async function ownPlace(
  { key, fingerprint, mayShareKey }: Notice,
  finding: Finding,
  ports: Ports,
): ReturnType<typeof ownerOf> {
  const first = await ownerOf(key, ports);
  if (!first.owner || !mayShareKey) return first;
  const found = finding.status === 'found' ? finding.transaction.id : undefined;
  const own = { found, fingerprint, says: mayShareKey };
  let last = first;
  for (let number = 1; number <= MOST_PLACES; number += 1) {
    const place = placeOf(key, number);
    const owner = await ports.journal.transactionOf(place);
    last = { owner, place };
    if (!owner || !(await isOfAnother(owner, own, ports))) return last;
  }
  return last;
}

type Owner = NonNullable<Awaited<ReturnType<typeof ownerOf>>['owner']>;

interface OwnWords {
  /** The payment that it finds. */
  readonly found: string | undefined;
  readonly fingerprint: string;
  readonly says: RememberedMeaning;
}

/**
 * What was written of no payment (a reversal that matched nothing, or was refused) keeps its answer, whatever its
 * repeat would find now; but one that says another STAN, amount or card is no repeat of it.
 */
async function isOfAnother(
  owner: Owner,
  { found, fingerprint, says }: OwnWords,
  { journal, clock }: Ports,
): Promise<boolean> {
  if (isRemembered(owner.fingerprint)) return isForgotten(owner.fingerprint, clock.wall());
  if (owner.transaction === found) return owner.fingerprint !== fingerprint;
  const [first, ...rest] = await journal.history(owner.transaction);
  if (!first) return false;
  if (first.kind === 'remembered') return contradicts(first.body as EntryBodies['remembered'], says);
  // What wants less back of a payment than one that was refused asks something else.
  if (first.kind === 'notice-refused') return owner.fingerprint !== fingerprint;
  return found !== undefined && foldTransaction([first, ...rest])?.opening !== undefined;
}

/**
 * The numbers are those of a notice that was answered, and the reference that of another payment: the answer of before
 * would say that something was done to it. What was answered often stands no more, so its reference alone tells.
 * @throws Refusal SW_KEY_REUSED
 */
async function checkSameOriginal(
  { transaction }: Owner,
  { isOfOriginal }: Notice,
  finding: Finding,
  { journal }: Ports,
): Promise<void> {
  if (!isOfOriginal || finding.status !== 'found' || finding.transaction.id === transaction) return;
  const before = foldTransaction(await journal.history(transaction))?.opening;
  const rrn = finding.transaction.opening?.facts.rrn.trim();
  if (before && before.facts.rrn.trim() !== rrn) throw new Refusal('SW_KEY_REUSED', { transaction });
}

async function answerRepeated(
  known: { readonly transaction: string; readonly fingerprint: string },
  { key, fingerprint, deadline, original }: Notice,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const reply = await replay(known, fingerprint, deadline, ports, key);
  if (reply && original !== undefined) {
    await nameAgain({ original, key, deadline, transaction: known.transaction }, ports);
  }
  return reply;
}

/** A key that was found taken, and by what. */
type Taken = Extract<Collision, { readonly status: 'claimed' }>;

/**
 * What a notice claims beside its own key. What was found taken goes to the next place, where the key is a retrieval
 * reference; where it is another reversal's that is remembered, there is nothing to add; where it tells of a reversal
 * that came before, the notice is not carried out.
 * @throws Refusal SW_ALREADY_REVERSED, SW_KEY_REUSED
 */
function freeClaims(
  claims: readonly Claim[],
  taken: readonly Taken[],
  { tells }: Pick<Notice, 'tells'>,
  { clock }: Pick<Ports, 'clock'>,
): Claim[] {
  return claims.flatMap((claim) => {
    const found = taken.filter(({ key }) => keyOf(key) === claim.key);
    const [first] = found;
    if (!first) return [claim];
    if (isRemembered(claim.fingerprint)) return [];
    const last = found.at(-1) ?? first;
    const isOver = isForgotten(last.fingerprint, clock.wall(), tells);
    const isOpen = isOver || isReference(claim.key);
    if (isRemembered(last.fingerprint) && !isOver) {
      throw new Refusal('SW_ALREADY_REVERSED', { transaction: last.transaction });
    }
    if (claim.fingerprint === ANOTHER_NAME) return [];
    if (!isOpen) throw new Refusal('SW_KEY_REUSED', { transaction: last.transaction });
    const place = found.length + 1;
    return place > MOST_PLACES ? [] : [{ ...claim, key: placeOf(claim.key, place) }];
  });
}

function entryOf(answered: Answer, original: Transaction | undefined): NewEntry | undefined {
  if ('opening' in answered) {
    return { ...answered.opening, version: 1, ...(answered.claims && { claims: answered.claims }) };
  }
  if (!('entry' in answered) || !original) return undefined;
  if (!stateAfter(original.state, answered.entry.kind)) {
    throw new Refusal('SW_ORIGINAL_STATE', { state: original.state });
  }
  const { entry, claims } = answered;
  const next = { transaction: original.id, version: original.version + 1, ...entry };
  return claims ? { ...next, claims } : next;
}
