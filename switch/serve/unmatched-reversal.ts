import { sometimes, timeOrderedUuid } from '../../runtime/index.ts';
import type { NoticeInbound } from '../admission/inbound.ts';
import { takeBackRules } from '../config/take-backs.ts';
import { SWITCH_ERRORS } from '../errors.ts';
import { lookAgain } from '../fallback/notices/outbox.ts';
import type { Claim } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { dayStamp } from '../requests/dates.ts';
import { referenceKey, referenceOfDay, requestKey } from '../requests/keys.ts';
import { isNameless } from '../requests/nameless.ts';
import type { OriginalReference } from '../requests/originals.ts';
import { rememberedFingerprint } from '../requests/remembered.ts';
import { givenReference } from '../requests/understand.ts';
import type { EntryBodies, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { ACCEPTED, type Answer } from './answer-notice.ts';
import { elementsOf } from './keep-advice.ts';
import { paymentsMeant } from './search-payments.ts';

// A reversal that matches nothing: its original never came, or comes late, or it names it badly. The terminal gets the
// answer that its estate wants, since a refusal makes it repeat for ever; the switch keeps what it said. Where the same
// terminal has a payment that it may well mean, the customer may be charged for nothing, and a case tells people.

export const REVERSAL_ADVICE = '0420';

export function unmatchedReply({ sender, listener }: NoticeInbound): ReplyFields {
  const isRefused = listener.unmatchedReversal === 'refuse' && sender.mti !== REVERSAL_ADVICE;
  return { code: isRefused ? SWITCH_ERRORS.SW_ORIGINAL_UNKNOWN.responseCode : ACCEPTED, rrn: sender.rrn };
}

/** @param mayMean payments that it may mean, where they are known already */
export async function unmatchedReversal(
  inbound: NoticeInbound,
  original: OriginalReference,
  ports: Ports,
  mayMean?: readonly Transaction[],
): Promise<Answer> {
  const { listener, sender } = inbound;
  sometimes('reversal before its original');
  const meant = mayMean ?? (await paymentsMeant(inbound, original.meant, ports));
  const reply = unmatchedReply(inbound);
  const count = ports.inFlight.recent.unmatchedAgain(listener.name);
  const told = { listener: listener.name, terminal: sender.terminal, stan: sender.stan, code: reply.code };
  ports.log.warn({ event: 'reversal.unmatched', ...told, count, mayMean: meant.map(({ id }) => id) });

  // Nobody can be asked what it means that does not say who it is from.
  const isFromNobody = isNameless(inbound.message);
  const body: EntryBodies['remembered'] = {
    ...rememberedBody(inbound, original, reply),
    ...(isFromNobody && { elements: elementsOf(inbound.message) }),
    ...((meant.length > 0 || isFromNobody) && {
      caseKind: 'reversal-unmatched',
      mayMean: meant.map(({ id }) => id).slice(0, MOST),
    }),
  };
  const transaction = timeOrderedUuid(ports.clock, ports.random);
  const claims = rememberedClaims(inbound, original, ports);
  const followUps = isToBeLookedFor(body) ? [{ ...lookAgain(transaction), runAfterMs: LOOK_AGAIN_MS }] : [];
  return { reply, opening: { transaction, kind: 'remembered', body, followUps }, claims };
}

const MOST = 8;
/** What was under way beside its reversal has come by then, or is lost. */
const LOOK_AGAIN_MS = 120_000;

/** What it means may come behind it: without a STAN it may mean whatever its terminal sells next. */
function isToBeLookedFor({ stan, caseKind }: EntryBodies['remembered']): boolean {
  return stan !== undefined && caseKind === undefined;
}

/** What the reversal says, for whoever has to find what it means. */
export function rememberedBody(
  { message, listener, sender, party }: NoticeInbound,
  { meant }: OriginalReference,
  reply: ReplyFields,
): EntryBodies['remembered'] {
  const { stan, maskedPan, cardReference, currency } = meant;
  const minorUnits = Number(message.de4 ?? 0);
  return {
    key: requestKey(party.key, sender),
    reply,
    terminal: sender.terminal,
    rrn: sender.rrn,
    listener: listener.name,
    merchant: sender.merchant,
    ...(stan !== undefined && { stan }),
    ...(maskedPan !== undefined && { maskedPan }),
    ...(cardReference !== undefined && { cardReference }),
    ...(currency !== undefined && { amount: { minorUnits, currency } }),
    ...partOf(message, listener),
  };
}

/** What it would leave of its original: DE95 says what remains, or the listener's terminals what they take, in DE4. */
function partOf(
  { de4, de95 }: NoticeInbound['message'],
  { reversalAmount }: NoticeInbound['listener'],
): Pick<EntryBodies['remembered'], 'isPart' | 'leaves'> {
  const remaining = Number(de95?.transaction ?? 0);
  if (remaining > 0) return { isPart: true, leaves: { minorUnits: remaining } };
  const isByAmount = reversalAmount === 'part' && de95 === undefined;
  return isByAmount ? { isPart: true, leaves: { allBut: Number(de4 ?? 0) } } : {};
}

/**
 * Under what it really names, and for a set life: a STAN with a time, and its retrieval reference. The reference alone
 * may be another sale's tomorrow, so the original must be of the same STAN, amount and card as well, where they are
 * given.
 */
function rememberedClaims(
  { message, party }: NoticeInbound,
  { names, meant }: OriginalReference,
  { clock, settings }: Ports,
): Claim[] {
  const until = clock.wall() + takeBackRules(settings).rememberMs;
  const fingerprint = rememberedFingerprint(until);
  const rrn = givenReference(message);
  const reference =
    rrn === undefined ? [] : [referenceOfDay(referenceKey(party.key, rrn), dayStamp(clock.wall()))];
  return [
    ...names.map((key) => ({ key, fingerprint, role: 'unique' as const })),
    ...reference.map((key) => ({
      key,
      fingerprint: rememberedFingerprint(until, meant),
      role: 'unique' as const,
    })),
  ];
}
