import { currencyName } from '../config/currency.ts';
import { Refusal, SWITCH_ERRORS, type SwitchErrorCode } from '../errors.ts';
import { type ListedPayment, standingOf } from '../projection/application-payments.ts';
import { openedAt } from '../requests/dates.ts';
import type { DecidedBody, OpeningBody, ReplyFields } from '../transaction/entries.ts';
import type { PopLegState, Transaction } from '../transaction/fold.ts';
import type { TransactionState } from '../transaction/life-cycle.ts';
import { type GatewayErrorCode, PAYMENT_ERRORS, type PaymentErrorCode } from './problems.ts';
import type { QueuedPayment, QueuedState } from './queued-payments.ts';
import type { PaymentData, PaymentStatus } from './schemas.ts';

// A payment in the platform's words. What is said at once is made of the stored reply alone, so that it is the same
// whenever the same request comes again; what is asked for later is made of all that the journal knows by then.

/** DE39 of an issuer or a network that cannot answer now; all else that a network refuses with is a decline. */
const NO_ANSWER: ReadonlySet<string> = new Set(['68', '91']);
/** DE39 where the network could not be asked. */
const AWAY = '91';
const NOT_SERVED: ReadonlySet<string> = new Set(['06', '30', '96']);

/** How a payment that failed is told: the problem, and with it the platform's code. */
export type Failure = Extract<
  GatewayErrorCode,
  'GW_DECLINED' | 'GW_PROOF' | 'GW_NO_ANSWER' | 'GW_UNAVAILABLE' | 'GW_REFUSED'
>;

const PLATFORM_CODE: Readonly<Record<Failure, PaymentErrorCode>> = {
  GW_DECLINED: 'E001',
  GW_PROOF: 'E002',
  GW_NO_ANSWER: 'E003',
  GW_UNAVAILABLE: 'E005',
  GW_REFUSED: 'E005',
};

/** Why a payment was not made. */
export function failureOf({ network, pop, reply }: DecidedBody): Failure {
  switch (network.status) {
    case 'approved':
      return pop.status === 'rejected' ? 'GW_PROOF' : 'GW_DECLINED';
    case 'refused':
      return failureByCode(reply.code);
    case 'not-asked':
      return 'GW_UNAVAILABLE';
    case 'unknown':
      return 'GW_NO_ANSWER';
    case 'unreachable':
      if (isOwnRefusal(network.reason)) return ownFailure(network.reason);
      return awayFailure(reply.code);
  }
}

/** What the switch itself refused once it was on record: it names its own code, and nobody was asked. */
function isOwnRefusal(reason: string): reason is SwitchErrorCode {
  return Object.hasOwn(SWITCH_ERRORS, reason);
}

/** Nothing left for the network: nothing was done, unless it was for want of time. */
function awayFailure(code: string): Failure {
  return code === AWAY ? 'GW_UNAVAILABLE' : failureByCode(code);
}

function ownFailure(code: SwitchErrorCode): Failure {
  if (code === 'SW_QUEUE_EXPIRED') return 'GW_NO_ANSWER';
  return new Refusal(code).isPassing ? 'GW_UNAVAILABLE' : 'GW_REFUSED';
}

/** The same where nothing but the reply is known. */
export function failureByCode(code: string): Failure {
  if (NO_ANSWER.has(code)) return 'GW_NO_ANSWER';
  return NOT_SERVED.has(code) ? 'GW_UNAVAILABLE' : 'GW_DECLINED';
}

export interface Ordered {
  readonly value: number;
  readonly currency: string;
  /** What it is where it was approved. */
  readonly status: PaymentStatus;
}

/** What is said of a payment as soon as it is decided; the same whenever it is asked for again. */
export function decidedView(
  transaction: string,
  reply: ReplyFields,
  ordered: Ordered,
  failure?: Failure,
): PaymentData {
  const { approvalCode, rrn, approvedMinorUnits = ordered.value } = reply;
  const { value, currency, status } = ordered;
  const amount = { value: failure ? value : approvedMinorUnits, currency };
  return {
    ...named(transaction),
    status: failure ? 'Failed' : status,
    amount,
    ...(approvalCode !== undefined && { approval_code: approvalCode }),
    ...(rrn !== undefined && { reference: rrn }),
    error: failure ? errorOf(failure) : null,
  };
}

/** What is said of one whose outcome is not known yet. */
export function initiatedView(transaction: string, { value, currency }: Ordered): PaymentData {
  return { ...named(transaction), status: 'Initiated', amount: { value, currency }, error: null };
}

const BY_QUEUED_STATE: Readonly<Record<QueuedState, PaymentStatus>> = {
  waiting: 'Initiated',
  sending: 'Initiated',
  sent: 'Initiated',
  refused: 'Failed',
  cancelled: 'Cancelled',
};

/** One that waits for its network, was cancelled while it did, or was refused as it was sent. */
export function queuedView({ payment, state, minorUnits, currency, expiresAt }: QueuedPayment): PaymentData {
  return {
    ...named(payment),
    status: BY_QUEUED_STATE[state],
    amount: { value: minorUnits, currency: currencyName(currency) },
    queued_until: new Date(expiresAt).toISOString(),
    error: state === 'refused' ? errorOf('GW_REFUSED') : null,
  };
}

/** All that is known of a payment by now. */
export function currentView(payment: Transaction, opening: OpeningBody): PaymentData {
  const { id, decided, standingMinorUnits, pop } = payment;
  const { amount, rrn, kind } = opening.facts;
  const status = statusOf(payment.state, pop, kind === 'pre-authorisation');
  const value = status === 'Failed' || status === 'Initiated' ? amount.minorUnits : standingMinorUnits;
  const approvalCode = decided?.reply.approvalCode;
  return {
    ...named(id),
    status,
    amount: { value, currency: currencyName(amount.currency) },
    ...(approvalCode !== undefined && { approval_code: approvalCode }),
    reference: rrn,
    ...(pop !== 'not-applicable' && { proof: pop }),
    error: status === 'Failed' && decided ? errorOf(failureOf(decided)) : null,
  };
}

const BY_STATE: Readonly<Record<TransactionState, PaymentStatus | 'by-proof'>> = {
  none: 'Initiated',
  intended: 'Initiated',
  approved: 'by-proof',
  captured: 'by-proof',
  declined: 'Failed',
  'taken-back': 'Cancelled',
  expired: 'Cancelled',
  remembered: 'Cancelled',
  kept: 'Initiated',
};

/** A proof that was refused leaves the payment as it is: the money was moved, and people look at the proof. */
const BY_PROOF: Readonly<Record<PopLegState, PaymentStatus>> = {
  planned: 'PaymentCompleted',
  'not-sent': 'PaymentCompleted',
  unknown: 'PaymentCompleted',
  rejected: 'PaymentCompleted',
  cancelled: 'PaymentCompleted',
  stands: 'PaymentCompleted',
  accepted: 'PopProcessing',
  validated: 'Completed',
  'not-applicable': 'Completed',
};

function statusOf(state: TransactionState, pop: PopLegState, isHold: boolean): PaymentStatus {
  if (state === 'approved' && isHold) return 'Authorized';
  const status = BY_STATE[state];
  return status === 'by-proof' ? BY_PROOF[pop] : status;
}

/** How the projection tells of payments with this status: by the same tables, so that the two cannot disagree. */
export function standingsWith(wanted: PaymentStatus): string[] {
  const states = Object.keys(BY_STATE) as TransactionState[];
  const proofs = Object.keys(BY_PROOF) as PopLegState[];
  return states.flatMap((state) =>
    proofs.flatMap((pop) =>
      [true, false]
        .filter((isHold) => statusOf(state, pop, isHold) === wanted)
        .map((isHold) => standingOf(state, pop, isHold)),
    ),
  );
}

/** A payment of a list: what the projection knows of it, a moment behind the journal. */
export function listedView(listed: ListedPayment): PaymentData {
  const { transaction, state, pop, isHold, asked, standing, currency, rrn, approvalCode } = listed;
  const status = statusOf(state, pop, isHold);
  const value = status === 'Failed' || status === 'Initiated' ? asked : standing;
  return {
    ...named(transaction),
    status,
    amount: { value, currency: currencyName(currency) },
    ...(approvalCode !== null && { approval_code: approvalCode }),
    reference: rrn,
    ...(pop !== 'not-applicable' && { proof: pop }),
    error: status === 'Failed' ? errorOf(failureOfListed(listed)) : null,
  };
}

/** As `failureOf` by what a row keeps of the decision. */
function failureOfListed({ network, pop, responseCode }: ListedPayment): Failure {
  const code = responseCode ?? '';
  if (pop === 'rejected' && network !== 'refused') return 'GW_PROOF';
  if (network !== 'not-sent') return failureByCode(code);
  const failure = awayFailure(code);
  return failure === 'GW_DECLINED' ? 'GW_REFUSED' : failure;
}

/** Proofs of which nothing more can come. */
const ENDED_PROOFS: ReadonlySet<PopLegState> = new Set<PopLegState>(['rejected', 'cancelled', 'stands']);

/** Whether nothing more can come of it by itself: what its merchant does to it later is another matter. */
export function isFinal({ status, proof }: PaymentData): boolean {
  if (status === 'PaymentCompleted') return ENDED_PROOFS.has(proof as PopLegState);
  return status === 'Completed' || status === 'Failed' || status === 'Cancelled';
}

function named(transaction: string): Pick<PaymentData, 'transaction_id' | 'transaction_time'> {
  return { transaction_id: transaction, transaction_time: new Date(openedAt(transaction)).toISOString() };
}

function errorOf(failure: Failure): NonNullable<PaymentData['error']> {
  const code = PLATFORM_CODE[failure];
  return { code, message: PAYMENT_ERRORS[code] };
}
