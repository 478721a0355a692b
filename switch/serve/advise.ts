import { completable, type Money } from '../../connectors/index.ts';
import { routeOf } from '../admission/admit.ts';
import type { CardInbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { openingClaims, requestFingerprint, requestKey } from '../requests/keys.ts';
import { isMeant, referredOriginal } from '../requests/originals.ts';
import { OFFLINE_PURCHASE } from '../requests/services.ts';
import { type PaymentRequest, readPayment, required } from '../requests/understand.ts';
import { followUp } from '../transaction/decision-entry.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';
import { type Answer, answerNotice } from './answer-notice.ts';
import { openingBody, popParties } from './opening.ts';

const ACCEPTED = '00';
const PRE_AUTHORISATION_CONDITION = '06';

/**
 * A terminal's advice (0220, 0120) of something that has happened already: a completion of a pre-authorisation
 * (DE25 06 and the DE37 of the original), else a purchase approved offline. It is accepted as soon as it is durable;
 * the network and the consensus are told afterwards, until they acknowledge.
 *
 * @throws Refusal SW_ORIGINAL_UNKNOWN, SW_ORIGINAL_STATE, SW_AMOUNT, SW_NO_ROUTE, and what `readPayment` throws
 */
export async function advise(inbound: CardInbound, ports: Ports): Promise<ReplyFields | undefined> {
  const { message, listener, sender, party, card } = inbound;
  const payment = readPayment(message, 'offline-purchase', 'positive');
  const processingCode = required(message.de3, 'DE3');
  const posConditionCode = message.de25 ?? '00';
  const request: PaymentRequest = {
    ...sender,
    ...payment,
    processingCode,
    posConditionCode,
    service: OFFLINE_PURCHASE,
  };
  const notice = {
    key: requestKey(listener.name, sender),
    fingerprint: requestFingerprint(card.reference, request),
    deadline: inbound.joinBy,
  };
  const reply = (rrn: string): ReplyFields => ({ code: ACCEPTED, rrn });

  if (posConditionCode === PRE_AUTHORISATION_CONDITION) {
    const original = referredOriginal(listener.name, sender, message);
    const capture = (found: Transaction | undefined) => {
      const asked = { cardReference: card.reference, amount: payment.amount, approvalCode: message.de38 };
      const { opening, increments } = completableHold(found, asked, ports.networks);
      const body = {
        key: notice.key,
        reply: reply(opening.facts.rrn),
        minorUnits: payment.amount.minorUnits,
        pop: popParties(opening.facts, card.reference, party),
      };
      const tasks: FollowUpTask[] = ['advise-network'];
      // What is still being added is too late: nobody will know what the network makes of it.
      if (increments.some(({ state }) => state === 'open')) tasks.push('reverse-network');
      if (body.pop) tasks.push('complete-pop');
      const followUps = tasks.map((task) => followUp(opening.facts.transaction, task, opening.network));
      return { reply: body.reply, entry: { kind: 'captured', body, followUps } } satisfies Answer;
    };
    return answerNotice({ ...notice, original }, capture, ports);
  }

  const network = routeOf(request, inbound, ports).network.name;
  const kind = 'offline-purchase';
  const opening = openingBody({ inbound, request, kind, pop: true, network }, ports);
  const { transaction, rrn } = opening.facts;
  const claims = openingClaims(listener.name, { ...sender, rrn }, notice.fingerprint).slice(1);
  const tasks = opening.pop ? (['advise-network', 'complete-pop'] as const) : (['advise-network'] as const);
  const followUps = tasks.map((task) => followUp(transaction, task, network));
  const approvalCode = message.de38 === undefined ? {} : { approvalCode: message.de38 };
  const body = { ...opening, key: notice.key, reply: { ...reply(rrn), ...approvalCode } };
  return answerNotice(
    { ...notice, original: { keys: [], exact: undefined } },
    () => ({
      reply: body.reply,
      opening: { transaction, kind: 'offline-approved', body, followUps },
      claims,
    }),
    ports,
  );
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
