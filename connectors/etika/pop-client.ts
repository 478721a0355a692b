import type {
  PopCancellation,
  PopConnector,
  PopOutcome,
  PopPurchase,
  PopStanding,
  PopStandingStatus,
  PopStandings,
} from '../pop-leg.ts';
import type { HttpExchange, HttpOutcome } from './http-exchange.ts';

/**
 * Client of etika-pop-consensus (`POST /validations`, `GET /validations`, `POST /validations/query`, `POST
 * /validations/{id}/cancel`), extended with what the consensus needs and the public client omits: consumer, merchant,
 * amount, currency, receipt hash, and an idempotency key: our transaction id and the amount, since a proof of another
 * amount is another.
 */
export function popClient(http: HttpExchange): PopConnector {
  return {
    async initiate(purchase, deadline) {
      return readInitiation(await http.call(initiation(purchase), deadline));
    },
    async standing(transaction, deadline) {
      const path = `/validations?transaction_id=${encodeURIComponent(transaction)}`;
      return readStanding(await http.call({ method: 'GET', path }, deadline));
    },
    async standings(validations, deadline) {
      const body = { validation_ids: validations };
      return readStandings(await http.call({ method: 'POST', path: '/validations/query', body }, deadline));
    },
    async cancel(validation, reason, deadline) {
      return readCancellation(await http.call(cancellation(validation, reason), deadline));
    },
    async close() {
      http.close();
    },
  };
}

function initiation(purchase: PopPurchase) {
  return {
    method: 'POST' as const,
    path: '/validations',
    headers: { 'idempotency-key': `${purchase.transaction}:${purchase.amount.minorUnits}` },
    body: {
      transaction_id: purchase.transaction,
      consumer_id: purchase.consumer,
      merchant_id: purchase.merchant,
      amount: purchase.amount.minorUnits,
      currency: purchase.amount.currency,
      receipt_hash: purchase.receiptHash,
      receipt_data: '',
      supplier_ids: purchase.suppliers,
      token_references: purchase.tokenReferences,
    },
  };
}

function cancellation(validation: string, reason: string) {
  return {
    method: 'POST' as const,
    path: `/validations/${encodeURIComponent(validation)}/cancel`,
    headers: { 'idempotency-key': `${validation}:cancel` },
    body: { reason },
  };
}

interface ValidationBody {
  readonly validation_id?: unknown;
  readonly status?: unknown;
  readonly error?: unknown;
}

function readInitiation(outcome: HttpOutcome): PopOutcome {
  if (outcome.status !== 'answered') return outcome;
  const body: ValidationBody = objectOf(outcome.body);
  const validation = text(body.validation_id);
  if (outcome.code >= 200 && outcome.code < 300 && validation !== undefined) {
    if (body.status === 'VALIDATED') return { status: 'validated', validation };
    if (body.status === 'REJECTED') return { status: 'rejected', reason: text(body.error) ?? 'rejected' };
    return { status: 'accepted', validation };
  }
  if (outcome.code >= 400 && outcome.code < 500 && outcome.code !== 408 && outcome.code !== 429) {
    return { status: 'rejected', reason: text(body.error) ?? `HTTP ${outcome.code}` };
  }
  return { status: 'unknown', reason: `HTTP ${outcome.code}` };
}

const STANDINGS: ReadonlyMap<string, PopStandingStatus> = new Map([
  ['INITIATED', 'pending'],
  ['PENDING', 'pending'],
  ['IN_PROGRESS', 'pending'],
  ['VALIDATED', 'validated'],
  ['REJECTED', 'rejected'],
  ['EXPIRED', 'expired'],
  ['CANCELLED', 'cancelled'],
]);

function readStanding(outcome: HttpOutcome): PopStanding {
  if (outcome.status !== 'answered') return { status: 'unavailable', reason: outcome.reason };
  if (outcome.code === 404) return { status: 'absent' };
  const body: ValidationBody = objectOf(outcome.body);
  const validation = text(body.validation_id);
  const status = STANDINGS.get(text(body.status) ?? '');
  if (outcome.code !== 200 || validation === undefined || status === undefined) {
    return { status: 'unavailable', reason: `HTTP ${outcome.code}` };
  }
  return { status, validation };
}

/** What a service says that does not know the path, or takes it for another's; mostly in words that are no JSON. */
const UNSUPPORTED: ReadonlySet<number> = new Set([404, 405]);

function readStandings(outcome: HttpOutcome): PopStandings {
  const code = outcome.status === 'unreachable' ? undefined : outcome.code;
  if (code !== undefined && UNSUPPORTED.has(code)) return { status: 'unsupported' };
  if (outcome.status !== 'answered') return { status: 'unavailable', reason: outcome.reason };
  const { validations } = objectOf(outcome.body) as { validations?: unknown };
  if (outcome.code !== 200 || !Array.isArray(validations)) {
    return { status: 'unavailable', reason: `HTTP ${outcome.code}` };
  }
  const standings = new Map<string, PopStandingStatus>();
  for (const each of validations) {
    const body: ValidationBody = objectOf(each);
    const validation = text(body.validation_id);
    const status = STANDINGS.get(text(body.status) ?? '');
    if (validation !== undefined && status !== undefined) standings.set(validation, status);
  }
  return { status: 'answered', standings };
}

/** How a validation ends that stands for nothing. */
const ENDED: ReadonlySet<string> = new Set(['REJECTED', 'EXPIRED', 'CANCELLED']);

function readCancellation(outcome: HttpOutcome): PopCancellation {
  if (outcome.status !== 'answered') return { status: 'unavailable', reason: outcome.reason };
  const body: ValidationBody = objectOf(outcome.body);
  if (outcome.code === 200 && body.status === 'CANCELLED') return { status: 'cancelled' };
  // Final is what came to an end without it as well: then nothing stands, and a cancellation has what it wants.
  if (outcome.code === 409 && ENDED.has(text(body.status) ?? '')) return { status: 'cancelled' };
  if (outcome.code === 409) return { status: 'too-late', reason: text(body.error) ?? 'already final' };
  return { status: 'unavailable', reason: `HTTP ${outcome.code}` };
}

function objectOf(body: unknown): object {
  return typeof body === 'object' && body !== null ? body : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.length > 0 ? value : undefined;
}
