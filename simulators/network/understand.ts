import { isRepeat, type Pan, withoutRepeat } from '../../messages/index.ts';
import type { CardReference } from '../common/card.ts';
import type { HostMessage } from './host-dialect.ts';
import type {
  AdviceRequest,
  AuthorisationRequest,
  MessageIdentity,
  ReversalRequest,
  Service,
} from './rows.ts';

export type Understood<Request> = { request: Request; pan: Pan } | { missing: string };
type NameCard = (pan: string) => CardReference;

/** DE25. */
const PREAUTHORISED = '06';
const VERIFICATION = '51';
/** DE3, positions 1 and 2. */
const ADJUSTMENT = '02';

/** Reads a 0100 or 0200; names the first data element that is missing. */
export function understandAuthorisation(
  message: HostMessage,
  nameCard: NameCard,
  transactionId: string | undefined,
): Understood<AuthorisationRequest> {
  const understood = understandMoney(message, nameCard);
  if ('missing' in understood) return understood;
  const { de3 } = message;
  if (!de3) return { missing: 'DE3' };
  const service = serviceOf(message, de3);
  const addsTo = service === 'hold' ? heldBefore(message, transactionId) : undefined;
  const request: AuthorisationRequest = {
    ...understood.request,
    processingCode: de3,
    ...(addsTo ? { service: 'increment', addsTo } : { service }),
  };
  return { request, pan: understood.pan };
}

/** A request for a hold that names another adds to it: by our identifier, or by DE90. */
function heldBefore(
  { de90 }: HostMessage,
  transactionId: string | undefined,
): AuthorisationRequest['addsTo'] {
  if (transactionId !== undefined) return { transactionId };
  return de90 && { original: { mti: de90.mti, stan: de90.stan, time: de90.transmission } };
}

/** Reads a 0120 or 0220. @param part which of several completions it is, as its dialect counts them */
export function understandAdvice(
  message: HostMessage,
  nameCard: NameCard,
  transactionId: string | undefined,
  part?: AdviceRequest['part'],
): Understood<AdviceRequest> {
  const understood = understandMoney(message, nameCard);
  if ('missing' in understood) return understood;
  const { de3, de18, de25, de38, de90 } = message;
  if (!de3) return { missing: 'DE3' };
  const request = {
    ...understood.request,
    processingCode: de3,
    holds: withoutRepeat(message.mti) === '0120' && de25 === PREAUTHORISED,
    ...(de3.startsWith(ADJUSTMENT) && { adjusts: true as const }),
    ...(de90 && { original: { mti: de90.mti, stan: de90.stan, time: de90.transmission } }),
    ...(part && { part }),
    ...(de18 === undefined ? {} : { merchantCategory: de18 }),
    ...(de38 === undefined ? {} : { approvalCode: de38 }),
    ...(transactionId === undefined ? {} : { transactionId }),
  };
  return { request, pan: understood.pan };
}

/** Reads a 0400 or 0420; the original is found by DE90. */
export function understandReversal(message: HostMessage, nameCard: NameCard): Understood<ReversalRequest> {
  const understood = understandMoney(message, nameCard);
  if ('missing' in understood) return understood;
  const { de90, de95 } = message;
  if (!de90) return { missing: 'DE90' };
  const request = {
    ...understood.request,
    original: { mti: de90.mti, stan: de90.stan, time: de90.transmission },
    ...(de95 ? { remaining: Number(de95.transaction) } : {}),
    ...(isRepeat(message.mti) ? { isMarkedRepeat: true as const } : {}),
  };
  return { request, pan: understood.pan };
}

type Money = Pick<AuthorisationRequest, 'amount' | 'currency' | 'card'>;

function understandMoney(message: HostMessage, nameCard: NameCard): Understood<MessageIdentity & Money> {
  const identity = identityOf(message);
  if ('missing' in identity) return identity;
  const { de2, de4, de49 } = message;
  if (!de2) return { missing: 'DE2' };
  if (!de4) return { missing: 'DE4' };
  if (!de49) return { missing: 'DE49' };
  const request = { ...identity, amount: Number(de4), currency: de49, card: nameCard(de2.reveal()) };
  return { request, pan: de2 };
}

function identityOf({ mti, de7, de11, de37, de41 }: HostMessage): MessageIdentity | { missing: string } {
  if (!de7) return { missing: 'DE7' };
  if (!de11) return { missing: 'DE11' };
  if (!de37) return { missing: 'DE37' };
  if (!de41) return { missing: 'DE41' };
  return { mti: withoutRepeat(mti), time: de7, stan: de11, rrn: de37, terminal: de41 };
}

/** DE3 positions 1 and 2, and DE25. */
function serviceOf({ mti, de25 }: HostMessage, processingCode: string): Service {
  const type = processingCode.slice(0, 2);
  if (type === '20') return 'credit';
  if (type === '30' || type === '31') return 'balance';
  if (de25 === VERIFICATION) return 'verification';
  return withoutRepeat(mti) === '0100' && de25 === PREAUTHORISED ? 'hold' : 'debit';
}
