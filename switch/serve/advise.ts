import type { NoticeInbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { requestFingerprint, requestKey } from '../requests/keys.ts';
import { findService, type Service } from '../requests/services.ts';
import { readMoney, required } from '../requests/understand.ts';
import { tellsOfDecline } from '../transaction/approval-codes.ts';
import { chipWord } from '../transaction/chip.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { endRepeats } from './acknowledge-repeats.ts';
import { adjust } from './adjust.ts';
import { toldBy } from './answer-notice.ts';
import { complete } from './complete.ts';
import { keepAdvice, keptBody } from './keep-advice.ts';
import { tell, tellOfChip } from './tell.ts';

// A terminal tells of something that has happened already. It is accepted as soon as it is durable, whatever it finds
// of networks and consensus: they are told afterwards, by follow-ups, until they acknowledge. To ask them before the
// answer was rejected, since an advice that is declined undoes nothing: the goods are gone.

/**
 * A terminal's advice (0220, 0120), with an end to its repeats where it is refused.
 * @throws what `take` throws
 */
export function advise(inbound: NoticeInbound, ports: Ports): Promise<ReplyFields | undefined> {
  const { party, sender } = inbound;
  const kept = (reply: ReplyFields) => ({
    kind: 'advice-kept',
    body: keptBody(inbound, 'repeated', reply),
  });
  const key = requestKey(party.key, sender);
  return endRepeats(take(inbound, ports), { inbound, key, kept }, ports);
}

/**
 * What its service says, or kept for people where it fits none.
 *
 * @throws Refusal SW_ORIGINAL_UNKNOWN, SW_ORIGINAL_STATE, SW_AMOUNT, SW_NO_ROUTE, SW_CARD_MISSING, and what
 *   `readPayment` throws
 */
async function take(inbound: NoticeInbound, ports: Ports): Promise<ReplyFields | undefined> {
  const { message } = inbound;
  const service = findService(message);
  if (!service) return keepAdvice(inbound, 'no-service', ports);
  // A chip that refused says so of its payment.
  if (tellsOfDecline(message) && chipWord(message.de55)?.cryptogram !== 'AAC') {
    return keepAdvice(inbound, 'declined', ports);
  }
  const isOfNothing = message.de4 !== undefined && Number(message.de4) === 0;
  const word = service.kind === 'offline-purchase' ? chipWord(message.de55) : undefined;
  // What a chip says of a payment needs neither its amount nor its card: it is named.
  if (word && (isOfNothing || !inbound.card)) return tellOfChip(inbound, word, ports);
  if (isOfNothing) return keepAdvice(inbound, 'no-service', ports);

  const told = toldBy(inbound, fingerprintOf(inbound, service, ports));
  switch (service.deed) {
    case 'complete':
      return complete(inbound, told, ports);
    case 'adjust':
      return adjust(inbound, told, ports);
    case 'tell': {
      const { card } = inbound;
      if (!card) throw new Refusal('SW_CARD_MISSING', { element: 'DE2' });
      return tell({ ...inbound, card }, service, told, ports);
    }
    case 'ask':
    case 'add':
    case 'void':
      throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti: message.mti });
  }
}

/** @throws Refusal */
function fingerprintOf(
  { message, card }: NoticeInbound,
  service: Service,
  { settings }: Pick<Ports, 'settings'>,
): string {
  const amount = readMoney(message, service.amount, settings.currencies);
  const processingCode = required(message.de3, 'DE3');
  return requestFingerprint(card?.reference ?? '', { amount, processingCode });
}
