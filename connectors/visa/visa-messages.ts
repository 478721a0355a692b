import type { Message, visaBase1 } from '../../messages/index.ts';
import { type Clock, utcCalendar } from '../../runtime/index.ts';
import type { CardData, TransactionFacts } from '../authorisation.ts';
import type {
  AdviceRequest,
  NetworkOutcome,
  NoticeOutcome,
  ReversalReason,
  ReversalRequest,
} from '../network-leg.ts';

export type VisaMessage = Message<typeof visaBase1>;

/** Who we are to the network: the stations of the header, six digits each. */
export interface VisaStations {
  readonly source: string;
  readonly destination: string;
}

/** F70 of network management. Values of common knowledge, unverified against the confidential specification. */
export const NETWORK_MANAGEMENT = { signOn: '071', signOff: '072', echo: '301' } as const;

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
const MAGNETIC_OR_CHIP_DATASET = '01';

/** F53: zone encryption, algorithm 01, ISO 9564 format 0, zone key index 01. */
const PIN_SECURITY = '2001010100000000';

export function authorisationRequest(
  facts: TransactionFacts,
  card: CardData,
  stations: VisaStations,
): VisaMessage {
  return {
    mti: '0100',
    header: { ...stations },
    ...identification(facts),
    de2: card.pan,
    ...(card.expiry !== undefined && { de14: card.expiry }),
    ...(card.sequenceNumber !== undefined && { de23: card.sequenceNumber }),
    ...(card.track2 && { de35: card.track2 }),
    ...(card.pinBlock && { de52: card.pinBlock, de53: PIN_SECURITY }),
    ...(card.emv && { de55: { dataset: MAGNETIC_OR_CHIP_DATASET, tlv: card.emv } }),
    de63: { sf1: VISA_NETWORK_ID },
  };
}

export function reversalRequest(request: ReversalRequest, stations: VisaStations): VisaMessage {
  const { facts, pan, networkReference, approvalCode } = request;
  return {
    mti: request.repeat ? '0401' : '0400',
    header: { ...stations },
    ...identification(facts),
    de2: pan,
    ...(approvalCode !== undefined && { de38: approvalCode }),
    ...(networkReference !== undefined && { de62: { sf2: networkReference } }),
    de63: { sf1: VISA_NETWORK_ID, sf3: REVERSAL_REASON[request.reason] },
    de90: {
      mti: '0100',
      stan: facts.stan,
      transmission: facts.transmittedAt,
      acquirer: facts.acquirer.padStart(11, '0'),
      forwarder: '00000000000',
    },
  };
}

export function adviceRequest(request: AdviceRequest, stations: VisaStations): VisaMessage {
  const { facts, pan, minorUnits, networkReference, approvalCode } = request;
  return {
    mti: request.repeat ? '0121' : '0120',
    header: { ...stations },
    ...identification(facts),
    de2: pan,
    de4: String(minorUnits).padStart(12, '0'),
    de39: APPROVED,
    ...(approvalCode !== undefined && { de38: approvalCode }),
    ...(networkReference !== undefined && { de62: { sf2: networkReference } }),
    de63: { sf1: VISA_NETWORK_ID, sf3: ACQUIRER_ADVICE },
  };
}

/** @param stan counts our network-management messages on this link */
export function networkManagement(
  code: string,
  stan: string,
  stations: VisaStations,
  clock: Clock,
): VisaMessage {
  const { month, day, hour, minute, second } = utcCalendar(clock.wall());
  const de7 = [month, day, hour, minute, second].map((part) => String(part).padStart(2, '0')).join('');
  return {
    mti: '0800',
    header: { ...stations },
    de7,
    de11: stan,
    de37: `000000${stan}`,
    de63: { sf1: VISA_NETWORK_ID },
    de70: code,
  };
}

function identification(facts: TransactionFacts): Omit<VisaMessage, 'mti' | 'header'> {
  return {
    de3: facts.processingCode,
    de4: String(facts.amount.minorUnits).padStart(12, '0'),
    de7: facts.transmittedAt,
    de11: facts.stan,
    de12: facts.localTime,
    de13: facts.localDate,
    de18: facts.merchantCategory,
    de22: `${facts.posEntryMode}0`,
    de25: facts.posConditionCode,
    de32: facts.acquirer,
    de37: facts.rrn,
    de41: facts.terminal,
    de42: facts.merchant,
    de49: facts.amount.currency,
  };
}

const APPROVED = '00';
const PARTIALLY_APPROVED = '10';
/** The network knows of nothing to reverse: it holds nothing, which is what a reversal is for. */
const NOT_FOUND = '25';

export function readAuthorisationReply(reply: VisaMessage): NetworkOutcome {
  const code = reply.de39;
  if (code === undefined) return { status: 'unknown', reason: 'the answer has no response code' };
  const emvHex = reply.de55?.tlv?.hex();
  const chip = emvHex === undefined ? {} : { emvHex };
  if (code !== APPROVED && code !== PARTIALLY_APPROVED) return { status: 'refused', code, ...chip };
  if (code === PARTIALLY_APPROVED && reply.de4 === undefined) {
    return { status: 'unknown', reason: 'a partial approval without its amount' };
  }
  return {
    status: 'approved',
    code,
    ...chip,
    ...(reply.de38 !== undefined && { approvalCode: reply.de38 }),
    ...(reply.de62?.sf2 !== undefined && { networkReference: reply.de62.sf2 }),
    ...(code === PARTIALLY_APPROVED && { approvedMinorUnits: Number(reply.de4) }),
  };
}

export function readNoticeReply(reply: VisaMessage): NoticeOutcome {
  const code = reply.de39;
  if (code === undefined) return { status: 'unknown', reason: 'the answer has no response code' };
  if (code === APPROVED || code === NOT_FOUND) return { status: 'acknowledged', code };
  return TRANSIENT_CODES.has(code)
    ? { status: 'unknown', reason: `the network answered ${code}` }
    : { status: 'refused', code };
}

/** Codes after which the same reversal may well succeed: issuer or network temporarily unable. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set(['91', '92', '96', '19']);
