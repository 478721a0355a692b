import { completable, type Money } from '../../connectors/index.ts';
import { routeOf } from '../admission/admit.ts';
import type { CardInbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { openingClaims, requestFingerprint, requestKey } from '../requests/keys.ts';
import { isMeant } from '../requests/meant.ts';
import { referredOriginal } from '../requests/originals.ts';
import { OFFLINE_PURCHASE } from '../requests/services.ts';
import { anotherReference, type PaymentRequest, readPayment, required } from '../requests/understand.ts';
import { followUp } from '../transaction/decision-entry.ts';
import type { EntryBodies, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';
import { type Answer, answerNotice, type Notice } from './answer-notice.ts';
import { findReferred } from './find-original.ts';
import { openingBody, popParties } from './opening.ts';

const ACCEPTED = '00';
const PRE_AUTHORISATION_CONDITION = '06';

// A terminal tells of something that has happened already. It is accepted as soon as it is durable, whatever it finds
// of networks and consensus: they are told afterwards, by follow-ups, until they acknowledge. To ask them before the
// answer was rejected, since an advice that is declined undoes nothing: the goods are gone.

/**
 * A terminal's advice (0220, 0120): a completion of a pre-authorisation (DE25 06 and the DE37 of the original), else a
 * purchase approved offline.
 *
 * @throws Refusal SW_ORIGINAL_UNKNOWN, SW_ORIGINAL_STATE, SW_AMOUNT, SW_NO_ROUTE, and what `readPayment` throws
 */
export async function advise(inbound: CardInbound, ports: Ports): Promise<ReplyFields | undefined> {
  const { message, party, sender, card, noticeBy } = inbound;
  const request: PaymentRequest = {
    ...sender,
    ...readPayment(message, 'offline-purchase', 'positive', ports.settings.currencies),
    processingCode: required(message.de3, 'DE3'),
    posConditionCode: message.de25 ?? '00',
    service: OFFLINE_PURCHASE,
  };

  const told: Told = {
    key: requestKey(party.key, sender),
    fingerprint: requestFingerprint(card.reference, request),
    deadline: noticeBy,
  };
  return request.posConditionCode === PRE_AUTHORISATION_CONDITION
    ? complete(inbound, request, told, ports)
    : tellOfPurchase(inbound, request, told, ports);
}

/** What an advice is known by. */
type Told = Omit<Notice, 'find'>;

function complete(
  inbound: CardInbound,
  { amount }: PaymentRequest,
  told: Told,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const { message, party, card } = inbound;
  const original = referredOriginal(inbound);
  const asked = { cardReference: card.reference, amount, approvalCode: message.de38 };
  const capture = (found: Transaction | undefined): Answer => {
    const { opening, increments } = completableHold(found, asked, ports.networks);
    const { rrn, transaction } = opening.facts;
    const reply: ReplyFields = { code: ACCEPTED, rrn };
    const pop = popParties(opening.facts, card.reference, party);
    const body = { key: told.key, reply, minorUnits: amount.minorUnits, pop };

    const tasks: FollowUpTask[] = ['advise-network'];
    // What is still being added is too late: nobody will know what the network makes of it.
    if (increments.some(({ state }) => state === 'open')) tasks.push('reverse-network');
    if (pop) tasks.push('complete-pop');
    const followUps = tasks.map((task) => followUp(transaction, task, opening.network));
    return { reply, entry: { kind: 'captured', body, followUps } };
  };
  return answerNotice({ ...told, find: () => findReferred(inbound, original, ports) }, capture, ports);
}

function tellOfPurchase(
  inbound: CardInbound,
  request: PaymentRequest,
  told: Told,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const network = routeOf(request, inbound, ports).network.name;
  let asked = request;
  const remember = (): Answer => {
    const answer = offlineApproved(inbound, asked, { ...told, network }, ports);
    // Whenever this is asked again, another payment has the retrieval reference: one of ours is drawn anew.
    if (!asked.hasOwnReference) asked = { ...asked, rrn: anotherReference(asked.rrn, ports.random) };
    return answer;
  };
  return answerNotice({ ...told, find: async () => ({ status: 'unknown' }) }, remember, ports);
}

function offlineApproved(
  inbound: CardInbound,
  request: PaymentRequest,
  { key, fingerprint, network }: Pick<Told, 'key' | 'fingerprint'> & { readonly network: string },
  ports: Ports,
): Answer {
  const { message, party } = inbound;
  const opening = openingBody({ inbound, request, kind: 'offline-purchase', pop: true, network }, ports);
  const { transaction, rrn } = opening.facts;
  // The key of the message itself is claimed by the notice.
  const claims = openingClaims(party.key, request, fingerprint).slice(1);
  ports.inFlight.recent.opened(party.key.merchant, transaction);

  const tasks: FollowUpTask[] = opening.pop ? ['advise-network', 'complete-pop'] : ['advise-network'];
  const followUps = tasks.map((task) => followUp(transaction, task, network));
  const reply: ReplyFields = {
    code: ACCEPTED,
    rrn,
    ...(message.de38 !== undefined && { approvalCode: message.de38 }),
  };
  const body: EntryBodies['offline-approved'] = { ...opening, key, reply };
  return { reply, opening: { transaction, kind: 'offline-approved', body, followUps }, claims };
}

interface Completion {
  readonly cardReference: string;
  readonly amount: Money;
  readonly approvalCode: string | undefined;
}

/** What a completion needs of its pre-authorisation. @throws Refusal */
function completableHold(
  found: Transaction | undefined,
  { cardReference, amount: { minorUnits, currency }, approvalCode }: Completion,
  networks: Ports['networks'],
) {
  if (!found?.opening) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE37' });
  if (!isMeant(found, approvalCode)) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE38' });
  const { opening, state, standingMinorUnits } = found;
  const { kind, amount, merchantCategory } = opening.facts;
  if (kind !== 'pre-authorisation' || state !== 'approved') {
    throw new Refusal('SW_ORIGINAL_STATE', { kind, state });
  }

  if (opening.cardReference !== cardReference) throw new Refusal('SW_CARD_CONTRADICTORY', { element: 'DE2' });
  if (amount.currency !== currency) throw new Refusal('SW_AMOUNT', { element: 'DE49' });
  const rules = networks.get(opening.network)?.rules;
  const most = rules ? completable(rules, merchantCategory, standingMinorUnits) : standingMinorUnits;
  if (minorUnits > most) throw new Refusal('SW_AMOUNT', { element: 'DE4' });
  return { ...found, opening };
}
