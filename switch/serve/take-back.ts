import { timeOrderedUuid } from '../../runtime/index.ts';
import type { Inbound } from '../admission/inbound.ts';
import { Refusal, SWITCH_ERRORS } from '../errors.ts';
import type { FollowUp } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { requestKey } from '../requests/keys.ts';
import {
  isMeant,
  type OriginalReference,
  referredOriginal,
  reversedOriginal,
} from '../requests/originals.ts';
import type { Sender } from '../requests/understand.ts';
import { followUp } from '../transaction/decision-entry.ts';
import type { AnsweredBody, EntryBodies, ReplyFields } from '../transaction/entries.ts';
import { OPENING_REPLY, type Transaction } from '../transaction/fold.ts';
import type { Increment } from '../transaction/increments.ts';
import { stateAfter } from '../transaction/life-cycle.ts';
import { type Answer, answerNotice } from './answer-notice.ts';
import { voidableBatch } from './closed-batch.ts';
import { REMEMBERED } from './replay.ts';
import { refundedMinorUnits } from './reserve-refund.ts';

// A terminal takes a transaction back: by a reversal, which is always accepted, or by a void, which is an ordinary
// request. Both are written to the original and answered; the network and the consensus are made to hold what stands
// afterwards. To reverse at the network first, and answer then, was rejected: a network that is away would leave the
// terminal without an answer, and the answer would change nothing.

const ACCEPTED = '00';

/**
 * A terminal's reversal (0400, 0420): accepted as soon as it is durable, whatever became of its original. What the
 * network and the consensus hold is undone afterwards, until they acknowledge. An original that is still in flight
 * loses: its decision is superseded. One that is unknown is remembered, and refused should it come late.
 *
 * @throws Refusal SW_AMOUNT, SW_ORIGINAL_STATE, SW_JOURNAL, SW_KEY_REUSED
 */
export async function reverse(inbound: Inbound, ports: Ports): Promise<ReplyFields | undefined> {
  const { message, listener, sender } = inbound;
  const original = reversedOriginal(listener.name, sender, message);

  const remaining = message.de95 ? Number(message.de95.transaction) : 0;
  return answerNotice(
    noticeOf(inbound, original, `reversal|${remaining}`),
    async (found) => {
      if (found?.state === 'remembered') return { reply: { code: ACCEPTED, rrn: sender.rrn } };
      if (!found?.opening) return remember(inbound, original, ports);
      const told = { reply: replyFor(sender, found), key: requestKey(listener.name, sender) };
      const added = found.increments.find((each) => original.keys.includes(each.original));
      if (added) return takeIncrementBack(found, added, remaining, told);
      const refused = await refusedAsRefunded(found, { remaining, key: told.key, by: 'reversal' }, ports);
      return refused ?? takeBack(found, 'reversal', remaining, told);
    },
    ports,
  );
}

/**
 * A terminal's void (0200 with processing code 02): takes an approved transaction back in full. Unlike a reversal it
 * is refused where there is nothing to take back, and where its batch is closed: that is refunded.
 *
 * @throws Refusal SW_FORMAT, SW_ORIGINAL_UNKNOWN, SW_ORIGINAL_SETTLED, SW_PROJECTION, and what `reverse` throws
 */
export async function voidPayment(inbound: Inbound, ports: Ports): Promise<ReplyFields | undefined> {
  const { message, listener, sender } = inbound;

  const original = referredOriginal(listener.name, sender, message);
  return answerNotice(
    noticeOf(inbound, original, 'void'),
    async (found) => {
      if (!found?.opening) throw new Refusal('SW_ORIGINAL_UNKNOWN', { terminal: sender.terminal });
      if (!isMeant(found, message.de38)) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE38' });
      if (!isOfAmount(found, message.de4)) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE4' });
      if (found.state !== 'approved' && found.state !== 'captured') {
        throw new Refusal('SW_ORIGINAL_STATE', { state: found.state });
      }
      const settled = await voidableBatch(found, inbound, ports);
      const told = { reply: replyFor(sender, found), key: requestKey(listener.name, sender) };
      const refused = await refusedAsRefunded(found, { remaining: 0, key: told.key, by: 'void' }, ports);
      return refused ?? takeBack(found, 'void', 0, { ...told, ...(settled && { batch: settled.id }) });
    },
    ports,
  );
}

/**
 * A void repeats the amount of its original, where it gives one: as asked for, as approved or added to, or what stands.
 */
function isOfAmount(found: Transaction, de4: string | undefined): boolean {
  const { opening, replies, increments, standingMinorUnits } = found;
  const minorUnits = Number(de4 ?? 0);
  const asked = opening?.facts.amount.minorUnits ?? 0;
  const approved = replies.get(OPENING_REPLY)?.approvedMinorUnits ?? asked;
  const added = increments
    .filter(({ state }) => state === 'approved')
    .map(({ key, facts }) => replies.get(key)?.approvedMinorUnits ?? facts.amount.minorUnits);
  const whole = added.reduce((sum, each) => sum + each, approved);
  return minorUnits === 0 || [asked, approved, whole, standingMinorUnits].includes(minorUnits);
}

function noticeOf({ listener, sender, noticeBy }: Inbound, original: OriginalReference, fingerprint: string) {
  return { key: requestKey(listener.name, sender), original, fingerprint, deadline: noticeBy };
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

/** @throws Refusal SW_AMOUNT */
function takeBack(
  found: Transaction,
  by: 'reversal' | 'void',
  remainingMinorUnits: number,
  { reply, key, batch }: AnsweredBody & Pick<EntryBodies['taken-back'], 'batch'>,
): Answer {
  const stands = found.state === 'approved' || found.state === 'captured';
  if (remainingMinorUnits > 0 && stands) {
    if (remainingMinorUnits >= found.standingMinorUnits) throw new Refusal('SW_AMOUNT', { element: 'DE95' });
    const body = { key, reply, remainingMinorUnits };
    const followUps = [...reversal(found), ...amendedProof(found)];
    return { reply, entry: { kind: 'partly-taken-back', body, followUps } };
  }

  const followUps =
    stands || found.state === 'intended' ? [...reversal(found), ...cancelledProof(found)] : [];
  const body = { key, reply, by, ...(batch !== undefined && { batch }) };
  return { reply, entry: { kind: 'taken-back', body, followUps } };
}

/**
 * A reversal of what was added to a pre-authorisation leaves the rest as it is. Once that is completed there is nothing
 * left of it to take back: the completion is reversed instead.
 */
function takeIncrementBack(
  found: Transaction,
  { key: increment, state, standingMinorUnits }: Increment,
  remainingMinorUnits: number,
  { reply, key }: AnsweredBody,
): Answer {
  if (state === 'closed' || !stateAfter(found.state, 'increment-taken-back')) {
    if (found.state === 'captured' && state === 'approved') {
      throw new Refusal('SW_ORIGINAL_STATE', { state: found.state });
    }
    return { reply };
  }

  if (remainingMinorUnits > 0 && (state === 'open' || remainingMinorUnits >= standingMinorUnits)) {
    throw new Refusal('SW_AMOUNT', { element: 'DE95' });
  }
  const body = { key, reply, increment, remainingMinorUnits };
  return { reply, entry: { kind: 'increment-taken-back', body, followUps: reversal(found) } };
}

function reversal({ id, opening }: Transaction): FollowUp[] {
  return opening ? [followUp(id, 'reverse-network', opening.network)] : [];
}

function cancelledProof({ id, opening, popParties }: Transaction): FollowUp[] {
  return opening && popParties ? [followUp(id, 'cancel-pop', opening.network)] : [];
}

/** The proof must witness what stands, no more. */
function amendedProof({ id, opening, popParties }: Transaction): FollowUp[] {
  return opening && popParties ? [followUp(id, 'complete-pop', opening.network)] : [];
}

function remember({ listener, sender }: Inbound, { exact }: OriginalReference, ports: Ports): Answer {
  const reply: ReplyFields = { code: ACCEPTED, rrn: sender.rrn };
  const { terminal, rrn } = sender;
  const body = { key: requestKey(listener.name, sender), reply, terminal, rrn, listener: listener.name };
  return {
    reply,
    opening: { transaction: timeOrderedUuid(ports.clock, ports.random), kind: 'remembered', body },
    ...(exact && { claims: [{ key: exact, fingerprint: REMEMBERED, role: 'unique' }] }),
  };
}

function replyFor(sender: Sender, { opening }: Transaction): ReplyFields {
  return { code: ACCEPTED, rrn: opening?.facts.rrn ?? sender.rrn };
}
