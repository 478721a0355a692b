import type { Refusal } from '../errors.ts';
import type { PaymentData } from './schemas.ts';

// What an application is told where it gets nothing else: a problem of RFC 9457 that is the platform's envelope as
// well. So a client that knows either reads it, and the status never says success where the envelope does not.

/** The platform's own codes, for people behind the application. */
export const PAYMENT_ERRORS = {
  E001: 'the card was declined',
  E002: 'the proof of the purchase was refused',
  E003: 'no answer came in time',
  E004: 'too few tokens are there',
  E005: 'the request could not be served',
} as const;
export type PaymentErrorCode = keyof typeof PAYMENT_ERRORS;

/** Every problem of the gateway; docs/errors.md has a section per code. */
export const GATEWAY_ERRORS = {
  GW_UNAUTHENTICATED: { status: 401, platform: 'E005', title: 'no key that is good was shown' },
  GW_FORBIDDEN: { status: 403, platform: 'E005', title: 'the key may not be used for this' },
  GW_MERCHANT: { status: 403, platform: 'E005', title: 'the key speaks for another merchant' },
  GW_NOT_FOUND: { status: 404, platform: 'E005', title: 'there is nothing here for this key' },
  GW_TIMEOUT: { status: 408, platform: 'E003', title: 'the request took too long to come in' },
  GW_JSON: { status: 400, platform: 'E005', title: 'the body is not JSON' },
  GW_FIELD: { status: 400, platform: 'E005', title: 'a field is missing, unknown, or not as it must be' },
  GW_RECEIPT: { status: 400, platform: 'E002', title: 'the receipt or the parties of the proof do not fit' },
  GW_CARD_NUMBER: { status: 400, platform: 'E005', title: 'a card number stands where none may be' },
  GW_IDEMPOTENCY_KEY: {
    status: 400,
    platform: 'E005',
    title: 'the Idempotency-Key header is missing or no key',
  },
  GW_KEY_REUSED: { status: 422, platform: 'E005', title: 'the Idempotency-Key came with another request' },
  GW_TOO_LARGE: { status: 413, platform: 'E005', title: 'the body is too large' },
  GW_MEDIA_TYPE: { status: 415, platform: 'E005', title: 'the body must be application/json' },
  GW_RATE: { status: 429, platform: 'E005', title: 'too many requests' },
  GW_SESSION: { status: 409, platform: 'E005', title: 'the payment session is not open' },
  GW_SESSION_BUSY: { status: 409, platform: 'E005', title: 'the payment session is being paid' },
  GW_CARD_TOKEN: { status: 422, platform: 'E005', title: 'no card has this token' },
  GW_REFUSED: { status: 422, platform: 'E005', title: 'the switch does not take this payment' },
  GW_DECLINED: { status: 402, platform: 'E001', title: 'the card was declined' },
  GW_PROOF: { status: 422, platform: 'E002', title: 'the proof of the purchase was refused' },
  GW_NO_ANSWER: { status: 504, platform: 'E003', title: 'the network gave no answer in time' },
  GW_UNAVAILABLE: { status: 503, platform: 'E005', title: 'the switch cannot serve this now' },
  GW_INTERNAL: { status: 500, platform: 'E005', title: 'the request could not be served; the log says why' },
} as const satisfies Record<string, { status: number; platform: PaymentErrorCode; title: string }>;
export type GatewayErrorCode = keyof typeof GATEWAY_ERRORS;

/** What is wrong with which field; never its value. */
export interface FieldFault {
  /** A JSON pointer. */
  readonly path: string;
  readonly message: string;
}

interface ProblemDetail {
  readonly detail?: string;
  readonly faults?: readonly FieldFault[];
  /** Of a payment that was made and failed. */
  readonly payment?: PaymentData;
}

/** A request that ends in a problem. */
export class Problem extends Error {
  readonly code: GatewayErrorCode;
  readonly told: ProblemDetail;

  constructor(code: GatewayErrorCode, told: ProblemDetail = {}, options?: ErrorOptions) {
    super(GATEWAY_ERRORS[code].title, options);
    this.name = 'Problem';
    this.code = code;
    this.told = told;
  }

  get status(): number {
    return GATEWAY_ERRORS[this.code].status;
  }
}

export function fieldProblem(path: string, message: string, code: GatewayErrorCode = 'GW_FIELD'): Problem {
  return new Problem(code, { faults: [{ path, message }] });
}

/** The body that says so: problem and envelope in one. */
export function problemBody({ code, told }: Problem): object {
  const { status, title, platform } = GATEWAY_ERRORS[code];
  const { detail, faults, payment = null } = told;
  return {
    type: `urn:etika:problem:${code}`,
    title,
    status,
    code,
    ...(detail !== undefined && { detail }),
    ...(faults && { errors: faults }),
    success: false,
    data: payment,
    error: { code: platform, message: PAYMENT_ERRORS[platform] },
  };
}

/** What the core refused, in the words of the gateway. */
export function problemOf(refusal: Refusal): Problem {
  const { code, message, isPassing } = refusal;
  const cause = { cause: refusal };
  if (isPassing) return new Problem('GW_UNAVAILABLE', { detail: `${message} (${code})` }, cause);
  if (code === 'SW_KEY_REUSED') return new Problem('GW_KEY_REUSED', {}, cause);
  if (code === 'SW_CURRENCY_UNKNOWN') return fieldProblem('/amount/currency', 'is not known here');
  if (code === 'SW_AMOUNT') return fieldProblem('/amount/value', 'is no amount that this payment may have');
  return new Problem('GW_REFUSED', { detail: `${message} (${code})` }, cause);
}
