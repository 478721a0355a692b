import { timeOrderedUuid } from '../../runtime/index.ts';
import type { NoticeInbound } from '../admission/inbound.ts';
import { takeBackRules } from '../config/take-backs.ts';
import { Refusal, SWITCH_ERRORS } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { ANOTHER_NAME, keyOf, requestKey } from '../requests/keys.ts';
import { isAmountOfWhole } from '../requests/meant.ts';
import { isNameless } from '../requests/nameless.ts';
import {
  amountOf,
  attemptsKey,
  type OriginalReference,
  referredOriginal,
  reversedOriginal,
} from '../requests/originals.ts';
import type { AnsweredBody, EntryBodies, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { stands } from '../transaction/life-cycle.ts';
import { partsOf } from '../transaction/several-completions.ts';
import { endRepeats } from './acknowledge-repeats.ts';
import { ACCEPTED, type Answer, anotherName, answerNotice, toldBy } from './answer-notice.ts';
import { voidableBatch } from './closed-batch.ts';
import { type Finding, findNameless, findReferred, findReversed } from './find-original.ts';
import { refundedMinorUnits } from './reserve-refund.ts';
import { reverseTip } from './reverse-tip.ts';
import { reverseVoid } from './reverse-void.ts';
import { takeBack, takeIncrementBack } from './undo.ts';
import { REVERSAL_ADVICE, rememberedBody, unmatchedReply, unmatchedReversal } from './unmatched-reversal.ts';

// A terminal takes a transaction back: by a reversal, which is taken whatever became of its original, or by a void,
// which is an ordinary request. Both are written to the original and answered; the network and the consensus are made
// to hold what stands afterwards. To reverse at the network first, and answer then, was rejected: a network that is
// away would leave the terminal without an answer, and the answer would change nothing.

/**
 * A terminal's reversal (0400, 0420), in these steps: find what it names, see that it is what it means, take it back as
 * soon as that is durable. What the network and the consensus hold is undone afterwards, until they acknowledge. An
 * original that is still in flight loses: its decision is superseded. What matches nothing is remembered, and what it
 * names is refused should it come late.
 *
 * @throws Refusal SW_ORIGINAL_UNKNOWN, SW_AMOUNT, SW_ORIGINAL_STATE, SW_JOURNAL, SW_KEY_REUSED
 */
export function reverse(inbound: NoticeInbound, ports: Ports): Promise<ReplyFields | undefined> {
  const named = reversedOriginal(inbound);
  const mayBePart = inbound.listener.reversalAmount === 'part';
  const original = { ...named, meant: { ...named.meant, mayBePart } };
  const find = isNameless(inbound.message) ? findNameless : findReversed;
  const notice = {
    ...toldBy(inbound, reversalFingerprint(inbound)),
    find: () => find(inbound, original, ports),
    mayShareKey: original.meant,
  };

  const answer = answerNotice(
    notice,
    (_, finding) => answerReversal(finding, inbound, original, ports),
    ports,
  );
  const kept = (reply: ReplyFields) => ({
    kind: 'remembered',
    body: { ...rememberedBody(inbound, original, reply), caseKind: 'reversal-repeated' as const },
  });
  return endRepeats(answer, { inbound, key: attemptsKey(inbound) ?? notice.key, kept }, ports);
}

function answerReversal(
  finding: Finding,
  inbound: NoticeInbound,
  original: OriginalReference,
  ports: Ports,
): Answer | Promise<Answer> {
  switch (finding.status) {
    case 'found':
      return reverseFound(finding, inbound, original, ports);
    case 'remembered':
      return { reply: unmatchedReply(inbound) };
    case 'other':
      // Its own may come yet, and is refused then.
      if (finding.mayBeAnother) {
        return unmatchedReversal(inbound, original, ports, [finding.transaction]);
      }
      return reverseOther(finding.transaction, finding.element, { inbound, original }, ports);
    case 'ambiguous':
      return unmatchedReversal(inbound, original, ports, finding.transactions);
    case 'unknown':
      return unmatchedReversal(inbound, original, ports);
  }
}

/** What is named is not what is said of it. An advice is not refused: it is told of as what matches nothing. */
function reverseOther(
  found: Transaction,
  element: string,
  about: { readonly inbound: NoticeInbound; readonly original: OriginalReference },
  ports: Ports,
): Promise<Answer> {
  const { inbound, original } = about;
  if (inbound.sender.mti === REVERSAL_ADVICE) return unmatchedReversal(inbound, original, ports, [found]);
  throw new Refusal('SW_ORIGINAL_UNKNOWN', { element });
}

async function reverseFound(
  { transaction: found, key: place, fingerprint }: Extract<Finding, { readonly status: 'found' }>,
  inbound: NoticeInbound,
  original: OriginalReference,
  ports: Ports,
): Promise<Answer> {
  const told = answered(inbound, found);
  const key = keyOfNamed(found, keyOf(place), fingerprint);
  if (found.chipWords.includes(key)) return { reply: told.reply };
  // A void is undone whole: what leaves a part is of the sale, whose STAN the void may have had as well.
  const isPart = Number(inbound.message.de95?.transaction ?? 0) > 0;
  const voided = isPart ? undefined : found.voids.find((each) => each.key === key);
  const { rules } = ports.networks.get(found.opening?.network ?? '') ?? {};
  if (voided) return reverseVoid(found, voided, told, rules);

  const remaining = remainingOf(inbound, found);
  const tip = found.adjustments.find((each) => each.key === key);
  if (tip) {
    const after = { remaining: tip.beforeMinorUnits, key: told.key, by: 'reversal' } as const;
    const reversal = { tip, remainingMinorUnits: remaining };
    return (await refusedAsRefunded(found, after, ports)) ?? reverseTip(found, reversal, told, ports);
  }
  // One part of several cannot be given back alone, and the others are paid for.
  const parts = partsOf(found);
  if (parts.length > 1 && found.tellings.some((each) => each.part && each.key === key)) {
    if (inbound.sender.mti === REVERSAL_ADVICE) return unmatchedReversal(inbound, original, ports, [found]);
    throw new Refusal('SW_ORIGINAL_STATE', { completions: parts.length });
  }
  const added = found.increments.find((each) => each.key === key);
  if (added) {
    const left = remainingOf(inbound, added);
    if (left > 0) checkPartial(found, ports);
    return takeIncrementBack(found, added, left, told);
  }
  if (remaining > 0) checkPartial(found, ports);
  if (!isAmountOfWhole(found, original.meant)) {
    return reverseOther(found, 'DE4', { inbound, original }, ports);
  }
  const refused = await refusedAsRefunded(found, { remaining, key: told.key, by: 'reversal' }, ports);
  // At the network the completion has taken the place of the hold: who completes again has nothing to complete.
  const isOfCompletion = stands(found.state) && found.completedBy === key;
  const body = {
    ...told,
    by: 'reversal' as const,
    ...(isOfCompletion && { caseKind: 'hold-reversed' as const }),
  };
  return refused ?? takeBack(found, body, remaining);
}

/**
 * By which key the message is known whose name was found: a message has one by its local time, and others by its DE7. A
 * void may repeat the numbers of its sale: then they are the sale's.
 */
function keyOfNamed({ names, increments }: Transaction, name: string, fingerprint: string): string {
  const isOther = fingerprint === ANOTHER_NAME || increments.some(({ original }) => original === name);
  return (isOther && names.find(({ original }) => original === name)?.key) || name;
}

/**
 * A terminal's void (0200 with processing code 02): takes an approved transaction back in full. Unlike a reversal it
 * is refused where there is nothing to take back, where nobody can tell what is meant, and where its batch is closed:
 * that is refunded.
 *
 * @throws Refusal SW_FORMAT, SW_ORIGINAL_UNKNOWN, SW_ORIGINAL_SETTLED, SW_PROJECTION, and what `reverse` throws
 */
export async function voidPayment(inbound: NoticeInbound, ports: Ports): Promise<ReplyFields | undefined> {
  const { message } = inbound;
  const name = anotherName(inbound);
  const { meant, ...referred } = referredOriginal(inbound);
  const original = { ...referred, meant: { ...meant, ...amountOf(message) } };
  const notice = {
    ...toldBy(inbound, 'void'),
    find: () => findReferred(inbound, original, ports),
    original: name.key,
    isOfOriginal: true as const,
  };

  return answerNotice(
    notice,
    async (_, finding) => {
      const found = meantBy(finding);
      if (!stands(found.state)) {
        throw new Refusal('SW_ORIGINAL_STATE', { state: found.state });
      }
      const settled = await voidableBatch(found, inbound, ports);
      const told = answered(inbound, found);
      const refused = await refusedAsRefunded(found, { remaining: 0, key: told.key, by: 'void' }, ports);
      if (refused) return refused;

      const { voidWaitMs } = takeBackRules(ports.settings);
      const body = {
        ...told,
        by: 'void' as const,
        original: name.key,
        toldFrom: ports.clock.wall() + voidWaitMs,
        ...(settled && { batch: settled.id }),
      };
      return { ...takeBack(found, body, 0, voidWaitMs), claims: [name] };
    },
    ports,
  );
}

/** @throws Refusal SW_ORIGINAL_UNKNOWN */
function meantBy(finding: Finding): Transaction {
  if (finding.status === 'found') return finding.transaction;
  throw new Refusal('SW_ORIGINAL_UNKNOWN', {
    found: finding.status,
    ...('element' in finding && { element: finding.element }),
  });
}

function answered({ sender, party }: NoticeInbound, { opening }: Transaction): AnsweredBody {
  const reply: ReplyFields = { code: ACCEPTED, rrn: opening?.facts.rrn ?? sender.rrn };
  return { reply, key: requestKey(party.key, sender) };
}

/** The same reversal says the same of what remains. */
function reversalFingerprint({ message, listener }: NoticeInbound): string {
  const remaining = message.de95 ? Number(message.de95.transaction) : 0;
  const part = listener.reversalAmount === 'part' ? `|${Number(message.de4 ?? 0)}` : '';
  return `reversal|${remaining}${part}`;
}

/**
 * What remains of it, in minor units. DE95 above zero says it; zeros take all back. Where the listener's terminals give
 * the part to take back in DE4, it is what stands without that part.
 */
function remainingOf(
  { message, listener }: NoticeInbound,
  { standingMinorUnits }: Pick<Transaction, 'standingMinorUnits'>,
): number {
  if (message.de95) return Number(message.de95.transaction);
  const part = Number(message.de4 ?? 0);
  const isPart = listener.reversalAmount === 'part' && part > 0 && part < standingMinorUnits;
  return isPart ? standingMinorUnits - part : 0;
}

/** @throws Refusal SW_ORIGINAL_STATE where the network takes back nothing or all */
function checkPartial({ opening }: Transaction, { networks }: Ports): void {
  if (networks.get(opening?.network ?? '')?.rules.partialReversal === false) {
    throw new Refusal('SW_ORIGINAL_STATE', { element: 'DE95' });
  }
}

interface TakingBack {
  readonly remaining: number;
  readonly key: string;
  readonly by: 'reversal' | 'void';
}

/**
 * What was given back by refunds, or may yet be, cannot be taken back as well. A refund that is declined or reversed
 * later would make another answer of it: this one is kept.
 */
async function refusedAsRefunded(
  found: Transaction,
  { remaining, key, by }: TakingBack,
  { journal, clock, random, log }: Ports,
): Promise<Answer | undefined> {
  if (found.refunds.length === 0 || found.standingMinorUnits === 0) return undefined;
  const { minorUnits: refunded } = await refundedMinorUnits(found, journal, by);
  if (refunded <= remaining) return undefined;
  log.warn({ event: 'take-back.refused', transaction: found.id, refunded, remaining });
  const reply: ReplyFields = { code: SWITCH_ERRORS.SW_ORIGINAL_STATE.responseCode };
  const body: EntryBodies['notice-refused'] = { key, reply };
  return { reply, opening: { transaction: timeOrderedUuid(clock, random), kind: 'notice-refused', body } };
}
