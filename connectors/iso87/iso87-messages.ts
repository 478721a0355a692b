import type { iso87Ascii, Message } from '../../messages/index.ts';
import type { CardData, TransactionFacts, TransactionKind } from '../authorisation.ts';
import {
  amount12,
  cardElements,
  cashbackElement,
  identification,
  originalData,
  ownElements,
  replacementAmounts,
  twoDigits,
} from '../link/elements.ts';
import type { ReplyElements } from '../link/network-dialect.ts';
import type { AdviceRequest, ReversalRequest } from '../network-leg.ts';

export type Iso87Message = Message<typeof iso87Ascii>;

/** Financial requests take the money at once; authorisation requests hold it, or ask only. */
const REQUEST_MTI: Record<Exclude<TransactionKind, 'offline-purchase'>, string> = {
  purchase: '0200',
  cash: '0200',
  cashback: '0200',
  refund: '0200',
  'pre-authorisation': '0100',
  increment: '0100',
  'account-verification': '0100',
  balance: '0100',
};

const APPROVED = '00';
/** Advices: of an amount set aside, and of one that was taken. */
const HOLDS = '0120';
const TAKES = '0220';

/** Everything but an offline purchase, which is told by advice only. */
export function authorisationRequest(facts: TransactionFacts, card: CardData): Iso87Message | undefined {
  if (facts.kind === 'offline-purchase') return undefined;
  return {
    mti: REQUEST_MTI[facts.kind],
    ...identification(facts),
    ...cardElements(card),
    ...(card.pinBlock && { de52: card.pinBlock }),
    ...cashbackElement(facts),
    ...heldElements(facts),
    ...(card.emv && { de55: card.emv }),
  };
}

/** Nobody is asked whether an unanswered transaction may be reversed (0420); a customer or a merchant asks (0400). */
export function reversalRequest(request: ReversalRequest): Iso87Message {
  const { facts, pan, approvalCode, remainingMinorUnits } = request;
  const mti = request.reason === 'no-confirmation' ? '042' : '040';
  return {
    mti: `${mti}${request.repeat ? '1' : '0'}`,
    ...identification(facts),
    de2: pan,
    ...(approvalCode !== undefined && { de38: approvalCode }),
    de90: originalData(request.names ?? facts, originalMti(request), facts.acquirer),
    ...(remainingMinorUnits !== undefined && { de95: replacementAmounts(remainingMinorUnits) }),
  };
}

/** A hold that was given in the network's stead is told by 0120; whatever takes money by 0220. */
export function adviceRequest(request: AdviceRequest): Iso87Message {
  const { facts, pan, minorUnits, approvalCode, reason } = request;
  const mti = reason === 'completion' || reason === 'adjustment' ? TAKES : adviceMti(facts);
  return {
    mti: request.repeat ? `${mti.slice(0, 3)}1` : mti,
    ...identification(facts),
    ...ownElements(request),
    ...(request.part && { de60: twoDigits(request.part.sequence) + twoDigits(request.part.count) }),
    ...(request.own && {
      de90: originalData(facts, originalMti({ facts, original: 'request' }), facts.acquirer),
    }),
    de2: pan,
    de4: amount12(minorUnits),
    de39: APPROVED,
    ...(approvalCode !== undefined && { de38: approvalCode }),
    ...cashbackElement(facts),
  };
}

export function managementRequest(code: string, stan: string, transmittedAt: string): Iso87Message {
  return { mti: '0800', de7: transmittedAt, de11: stan, de70: code };
}

export function managementReply({ de7, de11, de70 }: Iso87Message, code: string): Iso87Message {
  return { mti: '0810', de7, de11, de39: code, de70 };
}

export function replyElements(reply: Iso87Message): ReplyElements {
  const { de2, de4, de38, de39, de49, de54, de55 } = reply;
  return { code: de39, amount: de4, currency: de49, card: de2, approvalCode: de38, amounts: de54, emv: de55 };
}

function originalMti({ facts, original }: Pick<ReversalRequest, 'facts' | 'original'>): string {
  const { kind } = facts;
  if (original === 'completion') return TAKES;
  return original === 'advice' || kind === 'offline-purchase' ? adviceMti(facts) : REQUEST_MTI[kind];
}

/** Of what was decided in the network's stead. */
function adviceMti({ kind }: TransactionFacts): string {
  return kind === 'pre-authorisation' ? HOLDS : TAKES;
}

/** Which pre-authorisation an increment adds to. */
function heldElements({ addsTo, acquirer }: TransactionFacts) {
  if (!addsTo) return {};
  const { approvalCode } = addsTo;
  const held = originalData(addsTo, REQUEST_MTI['pre-authorisation'], acquirer);
  return { de90: held, ...(approvalCode !== undefined && { de38: approvalCode }) };
}
