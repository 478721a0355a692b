import { routeOf } from '../admission/admit.ts';
import type { CardInbound, Inbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import { JournalError } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { openingClaims } from '../requests/keys.ts';
import { isMeant } from '../requests/meant.ts';
import { namesNumbers, reversedOriginal } from '../requests/originals.ts';
import type { Service } from '../requests/services.ts';
import {
  anotherReference,
  givenReference,
  type PaymentRequest,
  readPayment,
  required,
  retrievalReference,
} from '../requests/understand.ts';
import { mayBeOf } from '../transaction/amounts.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import { type ChipWord, chipWord, isRefusedByChip } from '../transaction/chip.ts';
import { followUpsOf } from '../transaction/decision-entry.ts';
import type { EntryBodies, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { stands } from '../transaction/life-cycle.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';
import { ACCEPTED, type Answer, anotherName, answerNotice, type Told, toldBy } from './answer-notice.ts';
import { type Finding, findOriginal } from './find-original.ts';
import { findByCode, findByName } from './find-told.ts';
import { adviceFingerprint, keptAdvice } from './keep-advice.ts';
import { openingBody } from './opening.ts';
import { reserveRefund } from './reserve-refund.ts';

// What happened at the terminal without a word to anybody: a purchase, cash or a refund that it approved by itself,
// or what a chip said once its payment was over. The former is a payment of its own; the latter belongs to one that
// is known.

/** @throws Refusal SW_NO_ROUTE, and what `readPayment` throws */
export async function tell(
  inbound: CardInbound,
  service: Service,
  told: Told,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const { message } = inbound;
  const isNamed = givenReference(message) !== undefined || namesNumbers(message);
  const hasCode = Boolean(message.de38?.trim());
  const isTied = service.kind === 'refund' && (isNamed || hasCode);
  const word = service.kind === 'offline-purchase' ? chipWord(message.de55) : undefined;
  const original = reversedOriginal(inbound);
  const isApproved = (each: Transaction) =>
    hasCode ? isApprovedAs(each, service, inbound) : isAnsweredHere(each, service, inbound);
  // A chip names its payment; what an issuer has approved has an approval code of the network.
  const find = () => {
    if (word) return findOriginal(original, ports);
    return hasCode
      ? findByCode(inbound, original, isApproved, ports)
      : findByName(inbound, original, isApproved, ports);
  };

  let asked = toldRequest(inbound, service, ports);
  const open = (): Answer => {
    // What leads nowhere has happened all the same, and nobody is told of it but people.
    if (!leadsAnywhere(asked, ports)) return keptAdvice(inbound, 'no-route', ports);
    const answer = newPayment(inbound, asked, told, ports);
    // Whenever this is asked again, another payment has the retrieval reference: one of ours is drawn anew.
    if (!asked.hasOwnReference) asked = { ...asked, rrn: anotherReference(asked.rrn, ports.random) };
    return answer;
  };

  const look = (found: Transaction | undefined, { status }: Finding): Answer => {
    if (found && (isToldBefore(found, service, inbound) || ((hasCode || !word) && isApproved(found)))) {
      return isSaleOf(found, Number(message.de4))
        ? toldAgain(found, word, inbound, told.key)
        : keptAdvice(inbound, 'no-original', ports);
    }
    if (!word) return status === 'ambiguous' ? keptAdvice(inbound, 'no-original', ports) : open();
    if (found && isToldOf(found, word, inbound)) return chipEntry(found, word, inbound, told.key);
    const namesOther = status === 'ambiguous' || (found !== undefined && isAbout(found, inbound));
    const namesNothing = isRefusedByChip(word.cryptogram) || message.de90 !== undefined;
    return namesOther || namesNothing ? keptAdvice(inbound, 'no-original', ports) : open();
  };
  const { stan, amount, card } = asked;
  const tells = { stan, minorUnits: amount.minorUnits, maskedPan: card.pan.masked() };
  const notice = { ...told, find, original: anotherName(inbound).key, tells };
  const reply = await answerNotice(notice, look, ports);
  if (reply?.code !== ACCEPTED || !isTied) return reply;
  return (await tieRefund(inbound, service, told, ports)) ? reply : undefined;
}

function newPayment(inbound: CardInbound, request: PaymentRequest, told: Told, ports: Ports): Answer {
  const { message, party } = inbound;
  const { kind, pop } = request.service;
  const network = routeOf(request, inbound, ports).network.name;
  const opening = openingBody({ inbound, request, kind, pop, network }, ports);
  const { transaction, rrn } = opening.facts;
  // The key of the message itself is claimed by the notice.
  const claims = openingClaims(party.key, request, told.fingerprint).slice(1);
  ports.inFlight.recent.opened(party.key.merchant, transaction);

  const tasks: FollowUpTask[] = opening.pop ? ['advise-network', 'complete-pop'] : ['advise-network'];
  const followUps = followUpsOf(transaction, tasks, network);
  const reply: ReplyFields = {
    code: ACCEPTED,
    rrn,
    ...(message.de38 !== undefined && { approvalCode: message.de38 }),
  };
  const body: EntryBodies['offline-approved'] = { ...opening, key: told.key, reply };
  return { reply, opening: { transaction, kind: 'offline-approved', body, followUps }, claims };
}

function leadsAnywhere({ card }: PaymentRequest, { directory, networks }: Ports): boolean {
  return networks.has(directory.networkFor(card.pan) ?? '');
}

/** A refund names its sale by DE37, and gets a retrieval reference of its own. */
function toldRequest(
  { message, sender }: CardInbound,
  service: Service,
  { clock, settings }: Pick<Ports, 'clock' | 'settings'>,
): PaymentRequest {
  const { kind, amount } = service;
  const refersTo = kind === 'refund' ? givenReference(message)?.trim() : undefined;
  return {
    ...sender,
    ...readPayment(message, kind, amount, settings.currencies),
    processingCode: required(message.de3, 'DE3'),
    posConditionCode: message.de25 ?? '00',
    service,
    ...(refersTo !== undefined && {
      refersTo,
      ...(message.de38 !== undefined && { originalApprovalCode: message.de38 }),
      rrn: retrievalReference(clock, sender.stan),
      hasOwnReference: false,
    }),
  };
}

/** The payment stands, or the chip says why it does not: it is about this one, and about no other. */
function isToldOf(found: Transaction, word: ChipWord, inbound: CardInbound): boolean {
  const { message } = inbound;
  if (!isOfCard(found, inbound) || found.state === 'intended' || !isMeant(found, message.de38)) return false;
  return mayBeOf(found, Number(message.de4)) && (stands(found.state) || isRefusedByChip(word.cryptogram));
}

/** It names this payment, and says something else of it: to book it as another would charge the customer twice. */
function isAbout(found: Transaction, inbound: CardInbound): boolean {
  return isOfCard(found, inbound) && (found.state === 'intended' || stands(found.state));
}

/**
 * The payment was approved here, by the very code that the advice gives: it tells of that one again, as hosts do that
 * confirm what was authorised.
 */
function isApprovedAs(found: Transaction, service: Service, inbound: CardInbound): boolean {
  const code = inbound.message.de38?.trim();
  if (!code || !isOfCard(found, inbound) || found.isTold) return false;
  return (
    isOfKind(found, service) &&
    [...found.replies.values()].some((reply) => reply.approvalCode?.trim() === code)
  );
}

/** The same numbers by 0120 and by 0220 are one message, told twice. */
function isToldBefore(found: Transaction, service: Service, inbound: CardInbound): boolean {
  const { opening, isTold } = found;
  const { stan, localDate, localTime } = inbound.sender;
  if (!opening || !isTold || !isOfCard(found, inbound) || !isOfKind(found, service)) return false;
  const { facts } = opening;
  return facts.stan === stan && facts.localDate === localDate && facts.localTime === localTime;
}

/** It was asked for here and stands, or may: an advice that names it without a code of its own tells of that one. */
function isAnsweredHere(found: Transaction, service: Service, inbound: CardInbound): boolean {
  const isOther = found.isTold && !isToldBefore(found, service, inbound);
  return isAbout(found, inbound) && !isOther && isOfKind(found, service);
}

function isOfKind({ opening }: Transaction, { kind }: Service): boolean {
  const asked = kind === 'offline-purchase' ? [kind, 'purchase', 'pre-authorisation'] : [kind];
  return asked.includes(opening?.facts.kind ?? '');
}

/** It stands with this amount, and not only as a hold: that is completed by its own service, or people look. */
function isSaleOf(found: Transaction, minorUnits: number): boolean {
  const isHeld = found.opening?.facts.kind === 'pre-authorisation' && found.state !== 'captured';
  return !isHeld && stands(found.state) && mayBeOf(found, minorUnits);
}

function isOfCard({ opening }: Transaction, { message, card }: CardInbound): boolean {
  return opening?.cardReference === card.reference && opening.facts.amount.currency === message.de49;
}

/** What is known already: written down, so that it is no other payment should this one be taken back. */
function toldAgain(
  found: Transaction,
  word: ChipWord | undefined,
  inbound: CardInbound,
  key: string,
): Answer {
  if (word) return chipEntry(found, word, inbound, key);
  const name = anotherName(inbound);
  const approvalCode = inbound.message.de38;
  const reply: ReplyFields = {
    code: ACCEPTED,
    rrn: found.opening?.facts.rrn ?? '',
    ...(approvalCode !== undefined && { approvalCode }),
  };
  return { reply, entry: { kind: 'told-again', body: { key, reply, original: name.key } }, claims: [name] };
}

function chipEntry(found: Transaction, word: ChipWord, inbound: Inbound, key: string): Answer {
  const name = anotherName(inbound);
  const reply: ReplyFields = { code: ACCEPTED, rrn: found.opening?.facts.rrn ?? '' };
  const body = { key, reply, ...word, original: name.key };
  return { reply, entry: { kind: 'chip-told', body }, claims: [name] };
}

/**
 * What a chip said, in an upload of its own (0320 with DE55): it is kept with its payment, and moves nothing.
 * @throws Refusal SW_JOURNAL, SW_KEY_REUSED
 */
export function tellOfChip(inbound: Inbound, word: ChipWord, ports: Ports): Promise<ReplyFields | undefined> {
  const told = toldBy(inbound, adviceFingerprint(inbound));
  const original = reversedOriginal(inbound);
  const find = () => findOriginal(original, ports);
  const look = (found: Transaction | undefined, finding: Finding) => {
    // Another amount is one that a tip or a part has changed since; another card is another payment.
    const isOf = finding.status === 'found' || (finding.status === 'other' && finding.element === 'DE4');
    return isOf && found?.opening && found.state !== 'intended'
      ? chipEntry(found, word, inbound, told.key)
      : keptAdvice(inbound, 'no-original', ports);
  };
  return answerNotice({ ...told, find }, look, ports);
}

/** The same beside an upload that is answered already: written once, however often the upload is sent. */
export async function keepChip(
  transaction: string,
  key: string,
  word: ChipWord,
  ports: Ports,
): Promise<void> {
  const reply: ReplyFields = { code: ACCEPTED };
  await appendNext(ports.journal, transaction, ({ replies, state }) =>
    replies.has(key) || state === 'intended'
      ? undefined
      : { kind: 'chip-told', body: { key, reply, ...word } },
  );
}

/**
 * Takes a refund that was given already from what its sale has left. Where that is not enough nothing can be refused
 * any more: people look at it. It is done behind the refund's own entry, and again at each repeat until it is.
 * @returns whether it is written down
 */
async function tieRefund(
  inbound: CardInbound,
  service: Service,
  { key }: Told,
  ports: Ports,
): Promise<boolean> {
  const { journal, log } = ports;
  try {
    const stored = await journal.transactionOf(key);
    if (!stored) return false;
    const { transaction } = stored;
    // What was told of a refund that is known already is tied to its sale since that was asked for.
    if (!(await readTransaction(journal, transaction)).isTold) return true;
    const request = toldRequest(inbound, service, ports);
    const cardReference = inbound.card.reference;
    const refund = { inbound, request, transaction, cardReference, isTold: true };
    const opened = await reserveRefund(refund, ports).then(
      ({ leavesProof }) => (leavesProof ? { caseKind: 'proof-of-refund', reason: 'validated' } : undefined),
      (error: unknown) => ({ caseKind: 'refund-unmatched', reason: refusalCode(error) }),
    );
    if (opened) await openCase(transaction, opened, journal);
    return true;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    log.warn({ event: 'refund.not-tied', err: error });
    return false;
  }
}

/** @throws what is no refusal */
function refusalCode(error: unknown): string {
  if (error instanceof Refusal) return error.code;
  throw error;
}

function openCase(
  transaction: string,
  body: EntryBodies['case-opened'],
  journal: Ports['journal'],
): Promise<void> {
  return appendNext(journal, transaction, ({ cases }) =>
    cases.includes(body.caseKind) ? undefined : { kind: 'case-opened', body },
  );
}
