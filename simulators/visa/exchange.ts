import {
  type Message,
  type Pan,
  responseMti,
  type visaBase1,
  visaReplyHeader,
} from '../../messages/index.ts';
import type { CardReference } from '../common/card.ts';
import type { AuthorisationRequest, Decision, MessageIdentity, ReversalRequest } from './book.ts';

export type VisaMessage = Message<typeof visaBase1>;

export type Understood<Request> = { request: Request; pan: Pan } | { missing: string };

/** Reads a 0100; names the first data element that is missing. */
export function understandAuthorisation(
  message: VisaMessage,
  nameCard: (pan: string) => CardReference,
): Understood<AuthorisationRequest> {
  const { de2, de3, de4, de49 } = message;
  const identity = identityOf(message);
  if ('missing' in identity) return identity;
  if (!de2) return { missing: 'DE2' };
  if (!de3) return { missing: 'DE3' };
  if (!de4) return { missing: 'DE4' };
  if (!de49) return { missing: 'DE49' };
  const request = {
    ...identity,
    processingCode: de3,
    amount: Number(de4),
    currency: de49,
    card: nameCard(de2.reveal()),
  };
  return { request, pan: de2 };
}

/** Reads a 0400 or 0420; the original is found by DE90. */
export function understandReversal(
  message: VisaMessage,
  nameCard: (pan: string) => CardReference,
): Understood<ReversalRequest> {
  const { de2, de4, de49, de90, de95 } = message;
  const identity = identityOf(message);
  if ('missing' in identity) return identity;
  if (!de2) return { missing: 'DE2' };
  if (!de4) return { missing: 'DE4' };
  if (!de49) return { missing: 'DE49' };
  if (!de90) return { missing: 'DE90' };
  const request = {
    ...identity,
    original: { stan: de90.stan, time: de90.transmission },
    amount: Number(de4),
    currency: de49,
    card: nameCard(de2.reveal()),
    ...(de95 ? { remaining: Number(de95.transaction) } : {}),
  };
  return { request, pan: de2 };
}

function identityOf({ de7, de11, de37, de41 }: VisaMessage): MessageIdentity | { missing: string } {
  if (!de7) return { missing: 'DE7' };
  if (!de11) return { missing: 'DE11' };
  if (!de37) return { missing: 'DE37' };
  if (!de41) return { missing: 'DE41' };
  return { time: de7, stan: de11, rrn: de37, terminal: de41 };
}

/** 0110, 0410 or 0430: what identifies the request comes back, with the decision. */
export function financialReply(
  request: VisaMessage,
  decision: Pick<Decision, 'code'> & Partial<Decision>,
): VisaMessage {
  const { de2, de3, de4, de7, de11, de19, de25, de32, de37, de41, de42, de49, de62, de63 } = request;
  const { code, approvalCode, transactionId } = decision;
  const isAuthorisation = request.mti.startsWith('01');
  return {
    header: visaReplyHeader(request.header),
    mti: responseMti(request.mti),
    ...{ de2, de3, de4, de7, de11, de19, de25, de32, de37, de41, de42, de49 },
    de38: isAuthorisation ? approvalCode : undefined,
    de39: code,
    // Position 1: the issuer answered, not the network on its behalf.
    de44: isAuthorisation ? '5' : undefined,
    de62: transactionId === undefined ? de62 : { ...de62, sf2: transactionId },
    de63,
  };
}

/** 0810. */
export function networkReply(request: VisaMessage, code: string): VisaMessage {
  const { de7, de11, de37, de63, de70 } = request;
  return {
    header: visaReplyHeader(request.header),
    mti: responseMti(request.mti),
    ...{ de7, de11, de37, de63, de70 },
    de39: code,
  };
}
