import type { StandInQuestion } from '../stand-in/stand-in.ts';
import type { OpeningBody } from '../transaction/entries.ts';
import type { Payment } from './begin-payment.ts';

/** DE54 amount type: cash, whatever DE3 calls it. */
const CASH = '40';

/** What a stand-in has to know of a payment. */
export function standInQuestion(
  { facts, cardReference }: Pick<OpeningBody, 'facts' | 'cardReference'>,
  { inbound, request }: Pick<Payment, 'inbound' | 'request'>,
): StandInQuestion {
  return {
    facts,
    cardReference,
    card: request.card,
    saidCategory: inbound.message.de18,
    asksForCash: inbound.message.de54?.some(({ amountType }) => amountType === CASH) ?? false,
    pinBlock: request.terminalPinBlock,
    // The counter of a derived key is spent on the translation: nothing else can be done with the block.
    pinKey: inbound.party.terminal?.dukpt ? undefined : inbound.keys?.pinKey,
    merchant: inbound.party.merchant.standIn,
    deadline: inbound.joinBy,
  };
}
