import { type Message, type visaBase1, visaReplyHeader } from '../../messages/index.ts';
import type { CardData, TransactionFacts, TransactionKind } from '../authorisation.ts';
import {
  amount12,
  cardElements,
  identification,
  originalData,
  ownElements,
  replacementAmounts,
  twoDigits,
} from '../link/elements.ts';
import type { ReplyElements } from '../link/network-dialect.ts';
import type { AdviceRequest, ReversalReason, ReversalRequest } from '../network-leg.ts';

export type VisaMessage = Message<typeof visaBase1>;

/** Who we are to the network: the stations of the header, six digits each. */
export interface VisaStations {
  readonly source: string;
  readonly destination: string;
}

/** F63.1: the Visa network. */
const VISA_NETWORK_ID = '0002';
/** F63.3 of a reversal. */
const REVERSAL_REASON: Record<ReversalReason, string> = {
  'no-confirmation': '2503',
  customer: '2501',
  partial: '2504',
};
/** F63.3 of an advice by the acquirer. */
const ACQUIRER_ADVICE = '2104';
/** F63.3 of an authorisation that was deferred: the terminal has its answer already. */
const DEFERRED = '5206';
/** F63.3 of an authorisation that adds to an earlier one. */
const INCREMENTAL = '3900';
const MAGNETIC_OR_CHIP_DATASET = '01';
/** F53: zone encryption, algorithm 01, ISO 9564 format 0, zone key index 01. */
const PIN_SECURITY = '2001010100000000';
const APPROVED = '00';

/** F3, positions 1 and 2. A cashback is a purchase whose F61 says what is handed out. */
const PROCESSING: Record<TransactionKind, string> = {
  purchase: '00',
  cash: '01',
  cashback: '00',
  'pre-authorisation': '00',
  increment: '00',
  'account-verification': '00',
  refund: '20',
  balance: '30',
  'offline-purchase': '00',
};

/** Everything but an offline purchase, which is told by advice only. */
export function authorisationRequest(
  facts: TransactionFacts,
  card: CardData,
  stations: VisaStations,
): VisaMessage | undefined {
  if (facts.kind === 'offline-purchase') return undefined;
  return {
    mti: '0100',
    header: { ...stations },
    ...transactionElements(facts),
    ...cardElements(card),
    ...(card.pinBlock && { de52: card.pinBlock, de53: PIN_SECURITY }),
    ...(card.emv && { de55: { dataset: MAGNETIC_OR_CHIP_DATASET, tlv: card.emv } }),
    ...heldElements(facts),
  };
}

/** An increment names its pre-authorisation by the network's own identifier. */
function heldElements({ addsTo }: TransactionFacts) {
  if (!addsTo) return { de63: { sf1: VISA_NETWORK_ID } };
  const { networkReference, approvalCode } = addsTo;
  return {
    de63: { sf1: VISA_NETWORK_ID, sf3: INCREMENTAL },
    ...(approvalCode !== undefined && { de38: approvalCode }),
    ...(networkReference !== undefined && { de62: { sf2: networkReference } }),
  };
}

export function reversalRequest(request: ReversalRequest, stations: VisaStations): VisaMessage {
  const { facts, pan, networkReference, approvalCode, remainingMinorUnits } = request;
  return {
    mti: request.repeat ? '0401' : '0400',
    header: { ...stations },
    ...transactionElements(facts),
    de2: pan,
    ...(approvalCode !== undefined && { de38: approvalCode }),
    ...(networkReference !== undefined && { de62: { sf2: networkReference } }),
    de63: { sf1: VISA_NETWORK_ID, sf3: REVERSAL_REASON[request.reason] },
    de90: originalData(
      request.names ?? facts,
      request.original === 'request' ? '0100' : '0120',
      facts.acquirer,
    ),
    ...(remainingMinorUnits !== undefined && { de95: replacementAmounts(remainingMinorUnits) }),
  };
}

export function adviceRequest(request: AdviceRequest, stations: VisaStations): VisaMessage {
  const { facts, pan, minorUnits, networkReference, approvalCode } = request;
  if (request.asDeferred) return deferredRequest(request, stations);
  return {
    mti: request.repeat ? '0121' : '0120',
    header: { ...stations },
    ...transactionElements(facts),
    ...ownElements(request),
    de2: pan,
    de4: amount12(minorUnits),
    de39: APPROVED,
    ...(approvalCode !== undefined && { de38: approvalCode }),
    ...namedElements(networkReference, request.part),
    de63: { sf1: VISA_NETWORK_ID, sf3: ACQUIRER_ADVICE },
  };
}

function deferredRequest(
  { facts, pan, minorUnits, repeat }: AdviceRequest,
  stations: VisaStations,
): VisaMessage {
  return {
    mti: repeat ? '0101' : '0100',
    header: { ...stations },
    ...transactionElements(facts),
    de2: pan,
    de4: amount12(minorUnits),
    de63: { sf1: VISA_NETWORK_ID, sf3: DEFERRED },
  };
}

/** F62: which transaction an advice belongs to, and which of several completions it is. */
function namedElements(networkReference: string | undefined, part: AdviceRequest['part']) {
  if (networkReference === undefined && !part) return {};
  const counted = part && { sf11: twoDigits(part.sequence), sf12: twoDigits(part.count) };
  return { de62: { ...(networkReference !== undefined && { sf2: networkReference }), ...counted } };
}

export function managementRequest(
  code: string,
  stan: string,
  transmittedAt: string,
  stations: VisaStations,
): VisaMessage {
  return {
    mti: '0800',
    header: { ...stations },
    de7: transmittedAt,
    de11: stan,
    de37: `000000${stan}`,
    de63: { sf1: VISA_NETWORK_ID },
    de70: code,
  };
}

export function managementReply(request: VisaMessage, code: string): VisaMessage {
  const { de48: _, ...echoed } = request;
  return { ...echoed, mti: '0810', header: visaReplyHeader(request.header), de39: code };
}

export function replyElements(reply: VisaMessage): ReplyElements {
  const { de2, de4, de38, de39, de49, de54, de55, de62 } = reply;
  return {
    code: de39,
    amount: de4,
    currency: de49,
    card: de2,
    approvalCode: de38,
    networkReference: de62?.sf2,
    amounts: de54,
    emv: de55?.tlv,
  };
}

function transactionElements(facts: TransactionFacts) {
  const { cashbackMinorUnits, kind, posEntryMode, processingCode } = facts;
  return {
    ...identification(facts),
    de3: PROCESSING[kind] + processingCode.slice(2),
    de22: `${posEntryMode}0`,
    ...(cashbackMinorUnits !== undefined && { de61: amount12(cashbackMinorUnits) }),
  };
}
