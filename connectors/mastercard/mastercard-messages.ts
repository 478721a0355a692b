import type { Message, mastercardCis } from '../../messages/index.ts';
import type { CardData, TransactionFacts, TransactionKind } from '../authorisation.ts';
import {
  amount12,
  cardElements,
  cashbackElement,
  identification,
  originalData,
  ownElements,
} from '../link/elements.ts';
import type { ReplyElements } from '../link/network-dialect.ts';
import type { AdviceReason, AdviceRequest, ReversalReason, ReversalRequest } from '../network-leg.ts';
import { namedBy, networkReferenceOf } from './identifiers.ts';

// What Mastercard is told and asked, in its authorisation style. UNVERIFIED: compiled from public lists, its
// specification is confidential.

export type MastercardMessage = Message<typeof mastercardCis>;

/** Who we are to the network: DE33, six to eleven digits. */
export interface MastercardParty {
  readonly institution: string;
}

/** DE3, positions 1 and 2. */
const PROCESSING: Record<TransactionKind, string> = {
  purchase: '00',
  cash: '01',
  cashback: '09',
  'pre-authorisation': '00',
  increment: '00',
  'account-verification': '00',
  refund: '20',
  balance: '30',
  'offline-purchase': '00',
};
/** DE61, position 7: pre-authorised, or a verification without an amount; others are normal requests. */
const STATUS: Partial<Record<TransactionKind, string>> = {
  'pre-authorisation': '4',
  increment: '4',
  'account-verification': '8',
};
/** DE39 of a reversal: why. */
const REVERSAL_REASON: Record<ReversalReason, string> = {
  'no-confirmation': '68',
  customer: '17',
  partial: '32',
};
/** DE60 of an advice: why. Acquirer-processed, or completed. */
const ADVICE_REASON: Record<AdviceReason, string> = {
  completion: '1910000',
  adjustment: '1910000',
  offline: '1900000',
  'stand-in': '1900000',
};
/** DE53: the PIN block is under a zone key, in ISO 9564 format 0. */
const PIN_SECURITY = '9701100001000000';
const APPROVED = '00';
/** DE25: customer or card not there, mail and telephone orders, electronic commerce. */
const ABSENT = new Set(['01', '05', '08', '59']);
/** DE94 and DE96 of network management. */
const SERVICE_INDICATOR = '0000000';
const SECURITY_CODE = '00000000';

/** Everything but an offline purchase, which is told by advice only. */
export function authorisationRequest(
  facts: TransactionFacts,
  card: CardData,
  party: MastercardParty,
): MastercardMessage | undefined {
  if (facts.kind === 'offline-purchase') return undefined;
  return {
    mti: '0100',
    ...transactionElements(facts, party, facts.addsTo?.networkReference),
    ...cardElements(card),
    ...(card.pinBlock && { de52: card.pinBlock, de53: PIN_SECURITY }),
    ...(card.emv && { de55: card.emv }),
    ...(facts.addsTo?.approvalCode !== undefined && { de38: facts.addsTo.approvalCode }),
  };
}

export function reversalRequest(request: ReversalRequest, party: MastercardParty): MastercardMessage {
  const { facts, pan, networkReference, approvalCode, remainingMinorUnits } = request;
  return {
    mti: request.repeat ? '0401' : '0400',
    ...transactionElements(facts, party, networkReference),
    de2: pan,
    ...(approvalCode !== undefined && { de38: approvalCode }),
    de39: REVERSAL_REASON[request.reason],
    de90: originalData(
      request.names ?? facts,
      request.original === 'request' ? '0100' : '0120',
      facts.acquirer,
      party.institution,
    ),
    ...(remainingMinorUnits !== undefined && { de95: replacement(remainingMinorUnits) }),
  };
}

export function adviceRequest(request: AdviceRequest, party: MastercardParty): MastercardMessage {
  const { facts, pan, minorUnits, networkReference, approvalCode, reason } = request;
  return {
    mti: request.repeat ? '0121' : '0120',
    ...transactionElements(facts, party, networkReference),
    ...ownElements(request),
    de2: pan,
    de4: amount12(minorUnits),
    de39: APPROVED,
    ...(approvalCode !== undefined && { de38: approvalCode }),
    de60: ADVICE_REASON[reason],
  };
}

export function managementRequest(
  code: string,
  stan: string,
  transmittedAt: string,
  { institution }: MastercardParty,
): MastercardMessage {
  return {
    mti: '0800',
    de7: transmittedAt,
    de11: stan,
    de33: institution,
    de70: code,
    de94: SERVICE_INDICATOR,
    de96: SECURITY_CODE,
  };
}

export function managementReply({ de2, de7, de11, de33, de63, de70 }: MastercardMessage, code: string) {
  return { mti: '0810', de2, de7, de11, de33, de39: code, de63, de70 };
}

export function replyElements(reply: MastercardMessage): ReplyElements {
  const { de2, de4, de38, de39, de49, de54, de55 } = reply;
  return {
    code: de39,
    amount: de4,
    currency: de49,
    card: de2,
    approvalCode: de38,
    networkReference: networkReferenceOf(reply),
    amounts: de54,
    emv: de55,
  };
}

/** @param networkReference of the transaction that the message is about, where the network has named one */
function transactionElements(
  facts: TransactionFacts,
  { institution }: MastercardParty,
  networkReference: string | undefined,
) {
  const { de25: _, ...identified } = identification(facts);
  const { se63, de105 } = namedBy(networkReference);
  return {
    ...identified,
    de3: PROCESSING[facts.kind] + facts.processingCode.slice(2),
    de33: institution,
    de48: { tcc: categoryOf(facts), ...(se63 !== undefined && { se63 }) },
    ...cashbackElement(facts),
    de61: pointOfService(facts),
    ...(de105 !== undefined && { de105 }),
  };
}

/** DE48, transaction category code: cash, telephone and electronic orders, retail. */
function categoryOf({ kind, posConditionCode }: TransactionFacts): string {
  if (kind === 'cash') return 'C';
  return ABSENT.has(posConditionCode) ? 'T' : 'R';
}

/** DE61 up to its tenth position: what is not known is said as attended, on the premises, with the cardholder there. */
function pointOfService({ kind, posConditionCode }: TransactionFacts) {
  const presence = ABSENT.has(posConditionCode) ? '1' : '0';
  return {
    attendance: posConditionCode === '02' ? '1' : '0',
    reserved1: '0',
    location: '0',
    cardholderPresence: presence,
    cardPresence: presence,
    cardCapture: '0',
    status: STATUS[kind] ?? '0',
    security: '0',
    reserved2: '0',
    cardholderActivated: '0',
  };
}

/** DE95: what stays after a partial reversal. */
function replacement(remainingMinorUnits: number) {
  const none = amount12(0);
  return { transaction: amount12(remainingMinorUnits), settlement: none, billing: none, zeros: '000000' };
}
